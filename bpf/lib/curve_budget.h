/* SPDX-License-Identifier: GPL-2.0-only */
/* How many curve operations are done: so many per second for one source, and for all together. */
#pragma once

#include "gate_state.h"

struct source_buckets curve_buckets SEC(".maps");

/* Of all together. Moved by the program alone. */
__u64 curve_bucket;

INLINE bool curve_take_source(const struct gate *g, const struct token_rate *rate, __u64 operations)
{
	__u64 *tokens = source_bucket(&curve_buckets, &config_of(g)->bucket_key, &g->prefix);

	return tokens && token_take_many(tokens, rate, operations, g->now_ns);
}

INLINE bool curve_take_all(const struct gate *g, const struct token_rate *rate, __u64 operations)
{
	return token_take_many(&curve_bucket, rate, operations, g->now_ns);
}
