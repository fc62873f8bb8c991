/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the verifier of content knows: its settings and the lists of ids, which the controller sets,
 * and the memory of one check. Nothing of a packet that was right is remembered: the next one under
 * the same id is hashed like the first.
 */
#pragma once

#include "../cas.h"
#include "merkle.h"
#include "packet.h"
#include "source_bucket.h"
#include "stats.h"

#define CAS_IDS_DEFAULT 65536
#define CAS_RING_BYTES	(256 * 1024)

/* Changes when an old pinned map cannot be read any more. */
enum cas_layout {
	CAS_LAYOUT = 2,
};

enum cas_layout unused_cas_layout __attribute__((unused));
enum cas_type unused_cas_type __attribute__((unused));

struct cas_config {
	__u64 confirm_by_ns; /* boot clock; 0: confirmed */
	struct token_rate event_rate;
	struct token_rate source_rate; /* blocks of SHA-256 for packets of one source */
	struct token_rate hash_rate;   /* of all that comes in */
	__u8 monitor;
	__u8 observe_lists;
	__u8 reserved[6];
};

struct cas_ports {
	__u64 ingress[SET_WORDS];
	__u64 egress[SET_WORDS];
};

/* The controller writes the configuration that is not active, then makes it so. */
struct cas_config cas_configs[2];
__u32 cas_active;
struct cas_ports cas_ports;
__u32 cas_layout;		   /* set once, when the maps are new */
struct siphash_key cas_bucket_key; /* of source_bucket(); set once, too */
__u64 cas_event_bucket;
__u64 cas_hash_bucket;

enum cas_listed {
	CAS_ALLOW = 1,
	CAS_DENY = 2,
};

enum cas_listed unused_cas_listed __attribute__((unused));

/* What lists there are. */
enum cas_lists {
	CAS_HAS_ALLOW = 1,
	CAS_HAS_DENY = 2,
};

enum cas_lists unused_cas_lists __attribute__((unused));

/*
 * Counts how often the lists were replaced. Odd and even generations have a map each: the
 * controller fills the one that is not in use, then counts. One byte, so that it changes at once.
 */
__u8 cas_generation;
__u8 cas_lists[2];

/* id -> enum cas_listed */
struct cas_ids {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CAS_IDS_DEFAULT);
	__type(key, struct cas_id);
	__type(value, __u32);
};

struct cas_ids ids_even SEC(".maps");
struct cas_ids ids_odd SEC(".maps");

struct source_buckets hash_buckets SEC(".maps");

/* reason -> packets and bytes that were to leave; those that came in are in stats */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, REASON_COUNT);
	__type(key, __u32);
	__type(value, struct stat);
} egress_stats SEC(".maps");

struct cas_event {
	__u64 time_ns; /* boot clock */
	struct address source;
	struct address destination;
	struct cas_id id; /* as the packet has it; zeros where there is no header */
	enum reason reason;
	__u32 index; /* of a chunk */
	__u16 port;  /* destination */
	__u8 type;   /* enum cas_type */
	__u8 egress;
	__u32 reserved;
};

struct cas_event *event_of_events __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CAS_RING_BYTES);
} events SEC(".maps");

/* All that one check needs. */
struct cas_work {
	__u64 busy;
	__u64 now_ns; /* boot clock */
	struct cas_packet wire;
	struct message message;
	struct merkle_path path;
	struct merkle merkle;
	struct sha256 hash;
	__u32 observed; /* enum reason: what the lists said, where that is only told */
	__u32 reserved;
};

/* Two for each CPU: what is running may be interrupted by a packet that comes in, but not that. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u8[sizeof(struct cas_work)]);
} cas_works SEC(".maps");

INLINE const struct cas_config *cas_config_now(void)
{
	return &cas_configs[read_once(cas_active) & 1];
}

INLINE struct cas_work *cas_work_at(__u32 level)
{
	return bpf_map_lookup_elem(&cas_works, &level);
}

/* To be given back with cas_work_end(). NULL: there are two already. */
INLINE struct cas_work *cas_work_begin(void)
{
	struct cas_work *work = cas_work_at(0);

	if (work && read_once(work->busy))
		work = cas_work_at(1);
	if (!work || read_once(work->busy))
		return NULL;
	write_once(work->busy, 1);
	__builtin_memset(&work->wire, 0, sizeof(work->wire));
	work->observed = REASON_NONE;
	work->now_ns = bpf_ktime_get_boot_ns();
	return work;
}

INLINE void cas_work_end(struct cas_work *work)
{
	write_once(work->busy, 0);
}
