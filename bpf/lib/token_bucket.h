/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Token buckets with nanosecond refill, safe across CPUs without a lock: the generic cell rate
 * algorithm (ITU-T I.371) keeps one 64-bit word, the theoretical arrival time of the next packet,
 * and moves it by compare-and-swap.
 *
 * The word is its own generation. An element of an LRU map can be given to another key while this
 * CPU still holds its pointer, and a spin lock cannot live there; but the word starts at the time
 * of its admission and only grows, so a swap against a recycled element fails, and the packet is
 * counted as limited.
 */
#pragma once

#include "common.h"

struct token_rate {
	__u64 interval_ns;  /* between two tokens; 0: no limit */
	__u64 tolerance_ns; /* (burst - 1) * interval_ns */
};

#define TOKEN_SWAP_TRIES 8
/* By how much the times of two CPUs may differ that work on one bucket. */
#define TOKEN_CLOCK_NS NS_PER_S
/* That are taken at once, by token_take_many(). */
#define TOKENS_MOST 256

/*
 * When the tokens that were taken are all back. What is later than the rate can lead to, with so
 * many at once, was left by another rate, before it was changed: then the bucket is as new.
 */
INLINE __u64 token_start(__u64 arrival, const struct token_rate *rate, __u64 at_once, __u64 now)
{
	__u64 most = now + rate->tolerance_ns + at_once * rate->interval_ns + TOKEN_CLOCK_NS;

	return arrival > now && arrival <= most ? arrival : now;
}

INLINE bool token_swap(__u64 *bucket, const struct token_rate *rate, __u64 count, __u64 at_once,
		       __u64 now)
{
	__u64 takes = count * rate->interval_ns;

	if (!rate->interval_ns)
		return true;
#pragma unroll
	for (int i = 0; i < TOKEN_SWAP_TRIES; i++) {
		__u64 old = read_once(*bucket);
		__u64 start = token_start(old, rate, at_once, now);

		if (start - now > rate->tolerance_ns)
			return false;
		if (__sync_val_compare_and_swap(bucket, old, start + takes) == old)
			return true;
	}
	return false;
}

/* Takes one token at time now (boot clock, ns). False: none left, or too much contention to tell.
 */
INLINE bool token_take(__u64 *bucket, const struct token_rate *rate, __u64 now)
{
	return token_swap(bucket, rate, 1, 1, now);
}

/* Takes up to TOKENS_MOST if there is one: what is too much is missing afterwards. All takers of a
 * bucket take so. */
INLINE bool token_take_many(__u64 *bucket, const struct token_rate *rate, __u64 count, __u64 now)
{
	return token_swap(bucket, rate, count, TOKENS_MOST, now);
}
