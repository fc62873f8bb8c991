/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much is hashed of what comes in: so many blocks of SHA-256 per second for one source, an IPv4
 * address or the /64 of an IPv6 one, and for all together. What leaves is this host's own.
 */
#pragma once

#include "cas_state.h"

_Static_assert(1 + (CAS_CHUNK_MAX + 1 + 72) / SHA256_BLOCK + 2 * MERKLE_DEPTH_MAX <= TOKENS_MOST,
	       "blocks of one packet");

/* Of a message, with the end that is hashed, too. */
INLINE __u64 cas_blocks(__u64 length)
{
	return (length + 1 + 8 + SHA256_BLOCK - 1) / SHA256_BLOCK;
}

INLINE bool cas_take_source(const struct packet *p, const struct token_rate *rate, __u64 blocks,
			    __u64 now)
{
	struct address prefix = p->source;
	__u64 *tokens;

	if (p->version == 6)
		prefix.low = 0;
	tokens = source_bucket(&hash_buckets, &cas_bucket_key, &prefix);
	return tokens && token_take_many(tokens, rate, blocks, now);
}

/* From the narrower on, so that who has spent his own takes nothing from others. */
INLINE enum reason cas_take_budget(const struct packet *p, const struct cas_work *work,
				   __u64 blocks)
{
	const struct cas_config *config = cas_config_now();

	if (config->source_rate.interval_ns &&
	    !cas_take_source(p, &config->source_rate, blocks, work->now_ns))
		return DROP_SOURCE_BUDGET;
	return token_take_many(&cas_hash_bucket, &config->hash_rate, blocks, work->now_ns)
		       ? REASON_NONE
		       : DROP_HASH_BUDGET;
}
