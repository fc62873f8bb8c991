/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where an operation is done. For each operation, size and route there are estimates of what it
 * takes, one for each load of the route's queue; each result moves one of them. The route that has
 * been best stays until another one is better by an eighth, and the others are tried now and then:
 * the rarer, the worse they are. packages/offload/src/policy.ts is the same in TypeScript.
 */
#pragma once

#include "../offload.h"
#include "common.h"

#define OFFLOAD_SIZES	8 /* up to 64, 256, 512, 1024, 4096, 16384, 65536 bytes; larger */
#define OFFLOAD_LOADS	8 /* 0, 1, 2, 4, 8, 16, 32, 64 requests in the queue or more */
#define OFFLOAD_CLASSES (OFFLOAD_OPERATIONS * OFFLOAD_SIZES)
#define OFFLOAD_CELLS	(OFFLOAD_CLASSES * OFFLOAD_ROUTES * OFFLOAD_LOADS)

/* Exploring costs at most one part in so many of what a route is worse by. */
#define OFFLOAD_RARITY_MAX 64

/* 256ths by which a route is slower than its estimates; from twice on, requests do not try it. */
#define OFFLOAD_NOT_SLOWER 256
#define OFFLOAD_SLOW	   512

struct offload_estimate {
	__u32 latency_ns; /* never 0 */
	__u32 cost_ns;	  /* of a CPU */
	__u32 samples;
	__u32 reserved;
};

struct offload_class {
	__u32 decisions;
	__u32 current;
	__u32 pin;		   /* a route and 1; 0: learned */
	__u32 due[OFFLOAD_ROUTES]; /* at this many decisions the route is tried again */
};

/* ((class * OFFLOAD_ROUTES) + route) * OFFLOAD_LOADS + load -> estimate; see offload_cell() */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, OFFLOAD_CELLS);
	__type(key, __u32);
	__type(value, struct offload_estimate);
} estimates SEC(".maps");

/* operation * OFFLOAD_SIZES + size -> class */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, OFFLOAD_CLASSES);
	__type(key, __u32);
	__type(value, struct offload_class);
} classes SEC(".maps");

/* route -> packets given to it, which programs count */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, OFFLOAD_ROUTES);
	__type(key, __u32);
	__type(value, __u32);
} given SEC(".maps");

/* What the controller knows of a route. */
struct offload_queue {
	__u32 done;	/* of the packets that were given to it */
	__u32 is_out;	/* it is ill */
	__u32 slowness; /* OFFLOAD_NOT_SLOWER or more */
	__u32 reserved;
};

/* route -> queue */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, OFFLOAD_ROUTES);
	__type(key, __u32);
	__type(value, struct offload_queue);
} queues SEC(".maps");

__u64 offload_heartbeat_ns; /* of the controller, boot clock */

/* Why a route was chosen: a bitmap of the decision log. */
enum offload_why {
	OFFLOAD_WHY_PINNED = 1,
	OFFLOAD_WHY_EXPLORED = 2,
	OFFLOAD_WHY_SWITCHED = 4, /* it is better than the one before by more than an eighth */
	OFFLOAD_WHY_STAYED = 8,	  /* another one is better, but not by so much */
	OFFLOAD_WHY_FULL = 16,	  /* shifted by the route: its queue has no room */
	OFFLOAD_WHY_OUT = 128,	  /* shifted by the route: it is out of service */
	OFFLOAD_WHY_ALONE = 1024, /* no other route can do it */
};

enum offload_why unused_offload_why __attribute__((unused));

/* What a decision is made from, and what it comes to. */
struct offload_choice {
	__u32 class;
	__u32 able; /* a bit for each route that could do it */
	__u32 explore_interval;
	__u32 cost_weight;
	__u32 depth_max[OFFLOAD_ROUTES];
	__u32 streak; /* the depth of BPF's queue, which nobody sees: see offload_streak */
	__u32 slow;   /* a bit for each route that is not to be tried */
	__u32 route;  /* OFFLOAD_ROUTES: none has room */
	__u32 why;
	__u32 depth; /* of its queue */
	__u64 score[OFFLOAD_ROUTES];
};

INLINE __u32 offload_size_class(__u32 bytes)
{
	return (bytes > 64) + (bytes > 256) + (bytes > 512) + (bytes > 1024) + (bytes > 4096) +
	       (bytes > 16384) + (bytes > 65536);
}

INLINE __u32 offload_class_of(__u32 operation, __u32 bytes)
{
	return operation * OFFLOAD_SIZES + offload_size_class(bytes);
}

INLINE __u32 offload_load_class(__u32 depth)
{
	return (depth >= 1) + (depth >= 2) + (depth >= 4) + (depth >= 8) + (depth >= 16) +
	       (depth >= 32) + (depth >= 64);
}

INLINE struct offload_estimate *offload_cell(__u32 class, __u32 route, __u32 depth)
{
	__u32 cell = (class * OFFLOAD_ROUTES + route) * OFFLOAD_LOADS + offload_load_class(depth);

	return bpf_map_lookup_elem(&estimates, &cell);
}

/* An eighth of the way to what was seen, half where that is twice as long. */
INLINE __u32 offload_move(__u32 old, __u32 seen)
{
	__u32 shift = seen >> 1 > old ? 1 : 3;

	return old - (old >> shift) + (seen >> shift) + 1;
}

/* The first result counts as it is. */
INLINE void offload_learn(__u32 class, __u32 route, __u32 depth, __u32 latency_ns, __u32 cost_ns)
{
	struct offload_estimate *e = offload_cell(class, route, depth);

	if (!e)
		return;
	e->latency_ns = e->samples ? offload_move(e->latency_ns, latency_ns) : latency_ns + 1;
	e->cost_ns = e->samples ? offload_move(e->cost_ns, cost_ns) : cost_ns + 1;
	e->samples++;
}

#define OFFLOAD_IMPOSSIBLE (~0ULL)

/* What the route would take, and how many wait there; OFFLOAD_IMPOSSIBLE: it cannot take it now. */
INLINE __u64 offload_weigh(struct offload_choice *c, __u32 route, __u32 depth_max, __u32 *depth)
{
	struct offload_queue *queue = bpf_map_lookup_elem(&queues, &route);
	__u32 *count = bpf_map_lookup_elem(&given, &route);
	struct offload_estimate *e;

	if (!queue || !count || read_once(queue->is_out)) {
		c->why |= OFFLOAD_WHY_OUT << route;
		return OFFLOAD_IMPOSSIBLE;
	}
	*depth = route == OFFLOAD_BPF ? c->streak : read_once(*count) - read_once(queue->done);
	if (*depth >= depth_max) {
		c->why |= OFFLOAD_WHY_FULL << route;
		return OFFLOAD_IMPOSSIBLE;
	}
	if (queue->slowness > OFFLOAD_SLOW)
		c->slow |= 1u << route;
	e = offload_cell(c->class, route, *depth);
	if (!e)
		return OFFLOAD_IMPOSSIBLE;
	return ((__u64)e->latency_ns * queue->slowness >> 8) +
	       ((__u64)e->cost_ns * c->cost_weight >> 8);
}

/* The best route, or the one that was, if that is not worse by more than an eighth. */
INLINE __u32 offload_settle(struct offload_choice *c, struct offload_class *class, __u32 best)
{
	__u32 current = class->current;
	__u64 now;

	if (current == best || current >= OFFLOAD_ROUTES)
		return best;
	now = c->score[current];
	if (c->score[best] >= now - (now >> 3)) {
		c->why |= OFFLOAD_WHY_STAYED;
		return current;
	}
	c->why |= OFFLOAD_WHY_SWITCHED;
	class->current = best;
	return best;
}

/* A route whose turn it is to be tried, else the one that was chosen. */
INLINE __u32 offload_explore(struct offload_choice *c, struct offload_class *class, __u32 chosen,
			     __u32 usable)
{
	__u32 count = class->decisions++;

#pragma unroll
	for (__u32 route = 0; route < OFFLOAD_ROUTES; route++) {
		__u64 rarity;

		if (route == chosen || !(usable & ~c->slow & 1u << route) ||
		    (__s32)(count - class->due[route]) < 0)
			continue;
		rarity = c->score[route] / (c->score[chosen] | 1);
		if (rarity > OFFLOAD_RARITY_MAX)
			rarity = OFFLOAD_RARITY_MAX;
		class->due[route] = count + c->explore_interval * (rarity + 1);
		c->why |= OFFLOAD_WHY_EXPLORED;
		return route;
	}
	return chosen;
}

INLINE __u32 offload_pick(struct offload_choice *c, struct offload_class *class, __u32 usable,
			  __u32 best)
{
	__u32 pin = class->pin - 1, chosen;

	if (pin < OFFLOAD_ROUTES && usable & 1u << pin) {
		c->why |= OFFLOAD_WHY_PINNED;
		return pin;
	}
	if (pin < OFFLOAD_ROUTES)
		return best;
	if (!(usable & (usable - 1))) {
		c->why |= OFFLOAD_WHY_ALONE;
		return best;
	}
	chosen = offload_settle(c, class, best);
	return c->explore_interval ? offload_explore(c, class, chosen, usable) : chosen;
}

/* Fills in route, why, depth and score. Returns 0; 1 for a NULL pointer or a class there is not. */
NO_INLINE int offload_decide(struct offload_choice *c)
{
	__u32 depth[OFFLOAD_ROUTES] = {}, usable = 0, best = 0, key;
	__u64 least = OFFLOAD_IMPOSSIBLE;
	struct offload_class *class;

	if (!c)
		return 1;
	c->route = OFFLOAD_ROUTES;
	c->why = 0;
	c->slow = 0;
	key = c->class;
	class = bpf_map_lookup_elem(&classes, &key);
	if (!class)
		return 1;
#pragma unroll
	for (__u32 route = 0; route < OFFLOAD_ROUTES; route++) {
		__u64 score = OFFLOAD_IMPOSSIBLE;

		if (c->able & 1u << route)
			score = offload_weigh(c, route, c->depth_max[route], &depth[route]);
		c->score[route] = score;
		if (score == OFFLOAD_IMPOSSIBLE)
			continue;
		if (score < least) {
			least = score;
			best = route;
		}
		usable |= 1u << route;
	}
	if (!usable)
		return 0;
	c->route = offload_pick(c, class, usable, best);
	c->depth = c->route == 0 ? depth[0] : c->route == 1 ? depth[1] : depth[2];
	return 0;
}
