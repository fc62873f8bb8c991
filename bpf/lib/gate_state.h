/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the gate knows: its configuration and clocks, which the controller sets, the sources it has
 * admitted, and the fixed arrays of token buckets. All of it is pinned with the gate.
 */
#pragma once

#include "common.h"
#include "cookie.h"
#include "drop.h"
#include "packet.h"
#include "source_bucket.h"

#define GATE_ADMISSIONS	  65536
#define GATE_LIST_ENTRIES 65536
#define GATE_RING_BYTES	  (256 * 1024)
#define NS_PER_MS	  1000000ULL

/* Changes when an old pinned map cannot be read any more. */
enum gate_layout {
	GATE_LAYOUT = 2,
};

enum gate_layout unused_gate_layout __attribute__((unused));

struct gate_config {
	struct gate_secret secrets[SECRETS];
	struct siphash_key bucket_key; /* of source_bucket() */
	struct address mask_ipv4;      /* of what counts as one source */
	struct address mask_ipv6;
	struct address wide_ipv4; /* of what shares a cap on admissions */
	struct address wide_ipv6;
	struct token_rate packet_rate; /* of one admitted source */
	struct token_rate syn_rate;    /* of one admitted source: new TCP connections */
	struct token_rate wide_rate;   /* admissions of one wider prefix */
	struct token_rate answer_rate; /* answers to one source that proved nothing */
	struct token_rate event_rate;  /* events about drops */
	__u64 epoch_ms;
	__u64 challenge_ms; /* a challenge is good for this long; with 2 skew_ms, at most epoch_ms
			     */
	__u64 skew_ms;	    /* between the clocks of gates that share a secret */
	__u64 clock_horizon_ns;
	__u64 confirm_by_ns; /* boot clock; 0: confirmed */
	__u64 lifetime_max_ns;
	__u64 lifetime_min_ns;
	__u64 spent_capacity;
	__u64 load_interval_ns; /* between two admissions at the target load */
	__u64 level_step_ns;	/* excess load that raises the difficulty by one */
	__u32 service;
	__u16 port;
	__u8 difficulty_min;
	__u8 difficulty_max;
	__u8 monitor;
	__u8 reserved[7];
};

/* Set by the controller, again and again; the boot clock does the rest. */
struct gate_clock {
	__s64 wall_offset_ns;  /* Unix time minus boot clock */
	__u64 wall_updated_ns; /* boot clock */
};

/* Set by the controller, once, when the gate's maps are new. */
struct gate_birth {
	__u32 layout;
	__u32 reserved;
	__u64 started_ns;    /* boot clock */
	__u64 not_before_ms; /* Unix time at which the set of spent challenges began */
};

/* Moved by the program alone. */
struct gate_state {
	__u64 spent_head;
	__u64 load_until_ns; /* boot clock at which the load so far would have come in at target
				rate */
	__u64 event_bucket;
};

struct gate_ports {
	__u64 tcp[SET_WORDS];
	__u64 udp[SET_WORDS];
};

/*
 * Blocks of addresses of which the lists say anything, so that a flood from all over is not looked
 * up in them: IPv4 by the first 16 bits, IPv6 by a hash of the first 32.
 */
struct list_blocks {
	__u64 ipv4[SET_WORDS];
	__u64 ipv6[SET_WORDS];
};

/* The controller writes the configuration that is not active, then makes it so. */
struct gate_config gate_configs[2];
__u32 gate_active;
struct gate_clock gate_clock;
struct gate_birth gate_birth;
struct gate_state gate_state;
struct gate_ports gate_ports;
struct list_blocks list_blocks;

enum gate_origin {
	ORIGIN_PROOF = 0,
	ORIGIN_ESTABLISHED = 1, /* had a connection before the gate was attached */
	ORIGIN_OPERATOR = 2,
};

struct gate_admission {
	__u64 expires_ns; /* boot clock */
	__u64 admitted_ns;
	__u64 packet_bucket;
	__u64 syn_bucket;
	enum gate_origin origin;
	__u32 difficulty;
};

/* source prefix -> admission. Full: the least recently seen source leaves. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, GATE_ADMISSIONS);
	__type(key, struct address);
	__type(value, struct gate_admission);
} admitted SEC(".maps");

struct source_buckets answer_buckets SEC(".maps"); /* answers */
struct source_buckets wide_buckets SEC(".maps");   /* admissions of wider prefixes */

enum list_verdict {
	LIST_ALLOW = 1,
	LIST_DENY = 2,
};

struct ipv4_prefix {
	__u32 length;
	__be32 address;
};

struct ipv6_prefix {
	__u32 length;
	__u8 address[16];
};

/* prefix -> allow or deny; the longest prefix decides. One trie for both lists is one look-up. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, GATE_LIST_ENTRIES);
	__type(key, struct ipv4_prefix);
	__type(value, enum list_verdict);
} list_ipv4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, GATE_LIST_ENTRIES);
	__type(key, struct ipv6_prefix);
	__type(value, enum list_verdict);
} list_ipv6 SEC(".maps");

struct gate_event {
	__u64 time_ns; /* boot clock */
	struct address source;
	enum reason reason;
	__u32 lifetime_s; /* when admitted */
	__u16 port;	  /* destination */
	__u8 protocol;
	__u8 difficulty; /* of a proof, as it claims */
	__u32 subject;	 /* what it is about, where a feature says so */
};

struct gate_event *event_of_events __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, GATE_RING_BYTES);
} events SEC(".maps");

/* What is known of a packet while it is judged. */
struct gate {
	struct packet packet;
	struct address prefix; /* of the source: what is admitted */
	__u64 now_ns;	       /* boot clock */
	__u64 lifetime_cap_ns; /* what was proved is good for no longer; 0: for ever */
	__u32 config_index;
	__u32 lifetime_s; /* for the verdict and the event */
	__u32 old_sum;	  /* of a message, before it becomes its answer */
	__u8 difficulty;
	__u8 answered;
	__u16 subject; /* for events: the feature's */
};

INLINE const struct gate_config *config_of(const struct gate *g)
{
	return &gate_configs[g->config_index & 1];
}

INLINE struct address mask_address(const struct packet *p, const struct address *ipv4,
				   const struct address *ipv6)
{
	const struct address *mask = p->version == 4 ? ipv4 : ipv6;
	struct address masked = {
		.high = p->source.high & mask->high,
		.low = p->source.low & mask->low,
	};

	return masked;
}

/*
 * Whether an address can be one host's. An IPv4-mapped address in an IPv6 packet is refused, since
 * it would stand for an IPv4 source here.
 */
INLINE bool is_host_address(const struct packet *p, const struct address *a)
{
	const __u8 *bytes = (const __u8 *)a;

	if (p->version == 4)
		return bytes[12] != 0 && bytes[12] < 224;
	if (bytes[0] == 0xff || (!a->high && !a->low))
		return false;
	return a->high || (__u32)a->low != bpf_htonl(0xffff);
}

INLINE bool is_protected(const struct packet *p)
{
	return set_has(p->protocol == IPPROTO_TCP ? gate_ports.tcp : gate_ports.udp,
		       p->destination_port);
}

INLINE bool is_listed_block(const struct packet *p)
{
	__u32 ipv4 = p->source.low >> 32, ipv6 = p->source.high;

	return p->version == 4 ? set_has(list_blocks.ipv4, ipv4)
			       : set_has(list_blocks.ipv6, ipv6 * 0x9e3779b1 >> 16);
}

/* 0: on neither list. */
INLINE __u32 list_verdict(const struct gate *g)
{
	const struct packet *p = &g->packet;
	const enum list_verdict *verdict;

	if (!is_listed_block(p))
		return 0;
	if (p->version == 4) {
		struct ipv4_prefix key = {.length = 32, .address = p->source.low >> 32};

		verdict = bpf_map_lookup_elem(&list_ipv4, &key);
	} else {
		struct ipv6_prefix key = {.length = 128};

		__builtin_memcpy(key.address, &p->source, sizeof(key.address));
		verdict = bpf_map_lookup_elem(&list_ipv6, &key);
	}
	return verdict ? *verdict : 0;
}

/*
 * A feature that defines GATE_GRANTS keeps what an admission rests on, and looks at it again for
 * each packet. Both return REASON_NONE, or why not.
 */
#ifdef GATE_GRANTS
INLINE enum reason grant_give(struct gate *g, __u64 expires_ns);
INLINE enum reason grant_check(const struct gate *g);
#else
INLINE enum reason grant_give(struct gate *g, __u64 expires_ns)
{
	return REASON_NONE;
}

INLINE enum reason grant_check(const struct gate *g)
{
	return REASON_NONE;
}
#endif
