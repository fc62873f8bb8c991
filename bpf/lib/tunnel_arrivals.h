/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of packets that come in before any key is used: by the programs at TC, and by the
 * early one at XDP, which share these maps. The hook's header is included before this one.
 */
#pragma once

#include "packet.h"
#include "replay.h"

#define AF_INET	 2
#define AF_INET6 10

const volatile __u16 listen_port; /* UDP. Set before loading. */

/* receiver index -> slot */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 193);
	__type(key, __u32);
	__type(value, __u32);
} indices SEC(".maps");

/* slot -> counters that have come */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 193);
	__type(key, __u32);
	__type(value, struct replay_window);
} windows SEC(".maps");

/*
 * 0 -> until when there is a controller, by the boot clock. Programs can stay when theirs was
 * killed: one that was left behind must not drop what is for the next one.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} controlled_until_ns SEC(".maps");

INLINE struct replay_window *arrivals_window(__u32 slot)
{
	return slot ? bpf_map_lookup_elem(&windows, &slot) : NULL;
}

/* Whether it is on its way to somebody else: then it is not ours to judge. */
NO_INLINE int arrivals_is_transit(hook_context *ctx, const struct packet *packet, __u32 ifindex)
{
	struct bpf_fib_lookup fib = {};
	long result;

	if (!packet)
		return 0;
	fib.ifindex = ifindex;
	fib.l4_protocol = IPPROTO_UDP;
	fib.family = packet->version == 4 ? AF_INET : AF_INET6;
	if (packet->version == 4) {
		fib.ipv4_src = packet->source.low >> 32;
		fib.ipv4_dst = packet->destination.low >> 32;
	} else {
		__builtin_memcpy(fib.ipv6_src, &packet->source, sizeof(fib.ipv6_src));
		__builtin_memcpy(fib.ipv6_dst, &packet->destination, sizeof(fib.ipv6_dst));
	}
	result = bpf_fib_lookup(ctx, &fib, sizeof(fib), 0);
	return result == BPF_FIB_LKUP_RET_SUCCESS || result == BPF_FIB_LKUP_RET_NO_NEIGH ||
	       result == BPF_FIB_LKUP_RET_FRAG_NEEDED;
}

INLINE bool arrivals_are_anothers(hook_context *ctx, const struct packet *packet, __u32 ifindex)
{
	__u32 zero = 0;
	__u64 *until_ns = bpf_map_lookup_elem(&controlled_until_ns, &zero);

	return !until_ns || bpf_ktime_get_boot_ns() > read_once(*until_ns) ||
	       arrivals_is_transit(ctx, packet, ifindex);
}
