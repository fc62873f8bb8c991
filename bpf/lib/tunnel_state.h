/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a tunnel knows: peers, where they are, which addresses are theirs, and their sessions. A
 * suite's header, which defines struct suite_key and struct suite_work, is included before this
 * one.
 */
#pragma once

#include "aead.h"
#include "drop.h"
#include "packet.h"
#include "stats.h"
#include "tunnel_arrivals.h"

/* Set before loading. */
const volatile __u32 device_ifindex;	 /* the device that packets are routed into */
const volatile __u32 inside_ifindex;	 /* its other end, where they come out to be sealed */
const volatile __u8 device_mac[6];	 /* of the device */
const volatile __u32 device_mtu;	 /* in bytes */
const volatile __u32 inline_ifindex;	 /* where traffic is sealed inline; 0: nowhere */
const volatile __u8 inline_is_loopback;	 /* both ends are this host's */
const volatile __u64 reject_after_ns;	 /* age at which a session's keys are not used any more */
const volatile __u64 reject_after_count; /* packets after which it seals no more */

/* Where a peer is, and which of our addresses it knows. */
struct tunnel_endpoint {
	struct address remote;
	struct address local;
	__u16 port; /* 0: not known */
	__u16 unused[3];
};

/* enum reason is counted here from 224 on; two that are shared with others come last. */
#define TUNNEL_DROPS	    24
#define TUNNEL_DROP_REPLAY  22
#define TUNNEL_DROP_EXPIRED 23

/* What the controller looks at again and again. All times are of the boot clock. */
struct tunnel_activity {
	__u64 last_sent_ns;
	__u64 last_received_ns;
	__u64 last_data_sent_ns; /* keepalives do not count */
	__u64 last_data_received_ns;
	__u64 last_wanted_ns; /* a packet was dropped for want of a session */
	__u64 last_counter;   /* of the last packet that was sent */
	__u32 current;	      /* slot of the session to send by; 0: none */
	__u32 next; /* slot of the session that its first packet will make the current one */
};

struct tunnel_peer {
	struct tunnel_activity activity;
	__u64 endpoint_version; /* odd while somebody writes the endpoint */
	struct tunnel_endpoint endpoint;
	__u64 sent_packets;
	__u64 sent_bytes; /* UDP payload */
	__u64 received_packets;
	__u64 received_bytes;
	__u64 drops[TUNNEL_DROPS];
	__u32 is_pinned; /* the endpoint stays where the operator said */
	__u32 unused;
};

_Static_assert(__builtin_offsetof(struct tunnel_peer, activity) == 0, "where user space reads it");

/*
 * Keys of both directions. Its slot serves one session after the other: generation says which, and
 * is odd while there is none. What was done between two equal even values was done by one session.
 */
struct tunnel_session {
	__u64 generation;
	__u64 sent; /* the counter of the next packet */
	__u64 born_ns;
	__u32 peer;
	__u32 local_index;
	__u32 remote_index;
	__u32 is_confirmed; /* the peer has shown that it has the keys */
	struct suite_key send;
	struct suite_key receive;
};

struct tunnel_prefix4 {
	__u32 length;
	__u32 address;
};

struct tunnel_prefix6 {
	__u32 length;
	__u8 address[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct tunnel_peer);
} peers SEC(".maps");

/* slot -> session; slot 0 is nobody's */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 193);
	__type(key, __u32);
	__type(value, struct tunnel_session);
} sessions SEC(".maps");

/* allowed IPs -> peer */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct tunnel_prefix4);
	__type(value, __u32);
} allowed_ipv4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct tunnel_prefix6);
	__type(value, __u32);
} allowed_ipv6 SEC(".maps");

#define TUNNEL_HELD_MAX 2048

/* A packet that waits for a session, in the controller. */
struct tunnel_held {
	__u32 peer;
	__u32 length;
	__u8 packet[TUNNEL_HELD_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} held SEC(".maps");

/* Says in BTF what a record is. */
struct tunnel_held *event_of_held __attribute__((unused));

/* What is inside: an IP packet in message.text. */
struct tunnel_inner {
	struct address source;
	struct address destination;
	__u32 length;
	__u8 version;
	__u8 ecn;
	__u8 protocol;
	__u8 is_later_fragment;
	__u32 l4_offset;
	__u32 option; /* while TCP options are looked through */
	__u32 options_end;
	__u32 unused;
};

/* Where a sealed packet goes next. */
struct tunnel_hop {
	__u32 ifindex;
	__u32 family;
	__u32 address[4];
	__u32 mtu;
	__u32 is_resolved; /* to be kept: of others the kernel says no MTU */
};

/* Until when endpoint and hop are those of a peer's next packets, too. */
struct tunnel_way {
	__u64 until_ns;
	__u64 endpoint_version;
	__u32 peer;
	__u32 unused;
};

/* The work of one packet. */
struct tunnel_work {
	struct aead_message message;
	struct suite_work suite;
	struct packet packet; /* the outer one, as it came */
	struct tunnel_inner inner;
	struct tunnel_endpoint endpoint;
	struct tunnel_hop hop;
	struct tunnel_way way;
	__u64 generation;
	__u64 counter;
	__u64 now_ns;
	__u32 slot;
	__u32 peer;
	__u32 bytes; /* of the UDP payload */
	__u32 unused;
	struct tunnel_wire {
		struct udphdr udp;
		struct suite_header header;
	} wire;
};

/* One for each hook: a program of one can interrupt one of the other. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tunnel_work);
} inside_work SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tunnel_work);
} underlay_work SEC(".maps");

INLINE struct tunnel_peer *tunnel_peer(__u32 index)
{
	return bpf_map_lookup_elem(&peers, &index);
}

INLINE struct tunnel_session *tunnel_session(__u32 slot)
{
	return slot ? bpf_map_lookup_elem(&sessions, &slot) : NULL;
}

/* The peer whose allowed IPs have the address; NULL: nobody's. */
INLINE __u32 *tunnel_allowed(const struct address *address, __u8 version)
{
	struct tunnel_prefix4 prefix4 = {.length = 32, .address = address->low >> 32};
	struct tunnel_prefix6 prefix6 = {.length = 128};

	if (version == 4)
		return bpf_map_lookup_elem(&allowed_ipv4, &prefix4);
	__builtin_memcpy(prefix6.address, address, sizeof(prefix6.address));
	return bpf_map_lookup_elem(&allowed_ipv6, &prefix6);
}

INLINE void tunnel_count_peer(struct tunnel_peer *peer, enum reason reason)
{
	__u64 place = (__u32)reason - DROP_TUNNEL_NO_PEER;

	if (reason == DROP_REPLAY)
		place = TUNNEL_DROP_REPLAY;
	else if (reason == DROP_SESSION_EXPIRED)
		place = TUNNEL_DROP_EXPIRED;
	opaque(place);
	if (place < TUNNEL_DROPS)
		__sync_fetch_and_add(&peer->drops[place], 1);
}

INLINE int session_is_usable(const struct tunnel_session *session, __u64 now_ns)
{
	if (now_ns - session->born_ns >= reject_after_ns ||
	    read_once(session->sent) >= reject_after_count)
		return DROP_SESSION_EXPIRED;
	return REASON_NONE;
}

INLINE void peer_sent(struct tunnel_peer *peer, __u64 now_ns, __u32 text_bytes, __u32 wire_bytes)
{
	peer->activity.last_sent_ns = now_ns;
	if (text_bytes)
		peer->activity.last_data_sent_ns = now_ns;
	__sync_fetch_and_add(&peer->sent_packets, 1);
	__sync_fetch_and_add(&peer->sent_bytes, wire_bytes);
}

#define ENDPOINT_TRIES 4

/* False: it is being written again and again. */
INLINE bool endpoint_read(struct tunnel_endpoint *endpoint, struct tunnel_peer *peer,
			  __u64 *version)
{
	for (int i = 0; i < ENDPOINT_TRIES; i++) {
		*version = __sync_fetch_and_add(&peer->endpoint_version, 0);
		*endpoint = peer->endpoint;
		if (!(*version & 1) && *version == __sync_fetch_and_add(&peer->endpoint_version, 0))
			return true;
	}
	return false;
}

/* Writes nothing when somebody else does: the next packet will. */
INLINE bool endpoint_write(struct tunnel_peer *peer, const struct tunnel_endpoint *endpoint)
{
	__u64 version = read_once(peer->endpoint_version);

	if (version & 1 ||
	    __sync_val_compare_and_swap(&peer->endpoint_version, version, version + 1) != version)
		return false;
	peer->endpoint = *endpoint;
	__sync_fetch_and_add(&peer->endpoint_version, 1);
	return true;
}
