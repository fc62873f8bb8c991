/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many signatures are checked: so many per second for one source, for one key, and for all
 * together. When half of what a key or the gate may have at once is spent, they are scarce, and a
 * packet has to come with a cookie.
 */
#pragma once

#include "curve_budget.h"
#include "trusted_keys.h"

struct curve_rates {
	struct token_rate source;
	struct token_rate key;
	struct token_rate all;
};

INLINE bool is_half_spent(const __u64 *bucket, const struct token_rate *rate, __u64 now)
{
	__u64 until = read_once(*bucket);

	return rate->interval_ns && until > now && (until - now) * 2 > rate->tolerance_ns;
}

INLINE bool curve_is_scarce(const struct key_state *key, const struct curve_rates *rates, __u64 now)
{
	return is_half_spent(&curve_bucket, &rates->all, now) ||
	       is_half_spent(&key->curve_bucket, &rates->key, now);
}

/* From the narrowest on, so that who has spent his own takes nothing from others. */
INLINE enum reason curve_take(const struct gate *g, struct key_state *key,
			      const struct curve_rates *rates)
{
	if (!curve_take_source(g, &rates->source, 1))
		return DROP_SOURCE_BUDGET;
	if (!token_take(&key->curve_bucket, &rates->key, g->now_ns))
		return DROP_KEY_BUDGET;
	return curve_take_all(g, &rates->all, 1) ? REASON_NONE : DROP_CURVE_BUDGET;
}
