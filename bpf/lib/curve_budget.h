/* SPDX-License-Identifier: GPL-2.0-only */
/* How many curve operations are done: so many per second for one source, and for all together. */
#pragma once

#include "gate_state.h"

/* keyed hash of a source prefix -> token bucket of curve operations */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, GATE_BUCKETS);
	__type(key, __u32);
	__type(value, __u64);
} curve_buckets SEC(".maps");

/* Of all together. Moved by the program alone. */
__u64 curve_bucket;

INLINE bool curve_take_source(const struct gate *g, const struct token_rate *rate)
{
	__u32 index = gate_bucket(config_of(g), &g->prefix);
	__u64 *tokens = bpf_map_lookup_elem(&curve_buckets, &index);

	return tokens && token_take(tokens, rate, g->now_ns);
}

INLINE bool curve_take_all(const struct gate *g, const struct token_rate *rate)
{
	return token_take(&curve_bucket, rate, g->now_ns);
}
