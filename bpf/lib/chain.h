/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Several XDP programs on one interface. The dispatcher enters the chain; a program that accepts a
 * packet tail-calls the next. Slots are run in rising order:
 */
#pragma once

#include "common.h"
#include "drop.h"
#include "stats.h"

enum chain_slot {
	CHAIN_OFFLOAD = 2,
	CHAIN_TUNNEL = 4,
	CHAIN_SIGNED_AUTH = 6,
	CHAIN_POW = 8,
	CHAIN_CAS = 10,
	CHAIN_SLOTS = 16,
};

/* Brings the enum into BTF. */
enum chain_slot unused_chain_slot __attribute__((unused));

/*
 * slot -> program. Pinned for as long as the interface has a chain: a prog array loses its programs
 * with its last reference from user space.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, CHAIN_SLOTS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} chain SEC(".maps");

/* 0 -> a bit for each slot that must hold a program */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} chain_expected SEC(".maps");

/*
 * Goes on with the first expected slot at or after from; returns only when there is none (XDP_PASS:
 * the stack is next), or when an expected program is missing, which drops.
 */
INLINE int chain_enter(struct xdp_md *ctx, __u32 from)
{
	__u32 zero = 0, *expected = bpf_map_lookup_elem(&chain_expected, &zero);

	if (!expected)
		return XDP_ABORTED;
	if (!(*expected >> from))
		return XDP_PASS;
#pragma unroll
	for (__u32 slot = from; slot < CHAIN_SLOTS; slot++) {
		if (*expected & 1u << slot) {
			bpf_tail_call(ctx, &chain, slot);
			break;
		}
	}
	count(DROP_CHAIN_EMPTY, ctx->data_end - ctx->data);
	return XDP_DROP;
}
