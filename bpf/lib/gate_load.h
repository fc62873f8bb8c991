/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How difficulty and lifetime follow the load. Load is what valid proofs, and nothing else, add up
 * to: packets that prove nothing cannot raise the price for others.
 */
#pragma once

#include "gate_state.h"

/* Excess load in steps, each of which asks for one more bit and half the lifetime. */
INLINE __u32 gate_level(const struct gate *g)
{
	__u64 until = read_once(gate_state.load_until_ns);

	if (until <= g->now_ns || !config_of(g)->level_step_ns)
		return 0;
	return (until - g->now_ns) / config_of(g)->level_step_ns;
}

/*
 * Each admission adds its share of time at the target rate, and real time takes it away again: the
 * excess grows only while proofs come in faster than the target, and decays by itself.
 */
INLINE void gate_load_add(const struct gate *g)
{
	const struct gate_config *config = config_of(g);
	__u32 levels = config->difficulty_max - config->difficulty_min;
	__u64 limit = g->now_ns + (levels + 1) * config->level_step_ns;
	__u64 old = read_once(gate_state.load_until_ns);
	__u64 next = (old > g->now_ns ? old : g->now_ns) + config->load_interval_ns;

	if (next < limit)
		__sync_val_compare_and_swap(&gate_state.load_until_ns, old, next);
}

INLINE __u8 gate_difficulty(const struct gate *g)
{
	__u32 difficulty = config_of(g)->difficulty_min + gate_level(g);

	return difficulty < config_of(g)->difficulty_max ? difficulty
							 : config_of(g)->difficulty_max;
}

INLINE __u64 gate_lifetime_ns(const struct gate *g)
{
	__u32 level = gate_level(g);
	__u64 lifetime = config_of(g)->lifetime_max_ns >> (level < 63 ? level : 63);

	return lifetime > config_of(g)->lifetime_min_ns ? lifetime : config_of(g)->lifetime_min_ns;
}
