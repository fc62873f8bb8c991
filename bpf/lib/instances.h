/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The senders of one key, each with a window of the counters that have come from it. A sender is a
 * random number, which it chooses when it starts; there is room for a few at a time. A place is
 * given to another sender when the newest packet of the one before is so old that none of its
 * packets could pass again.
 *
 * Who changes anything holds the lock of the key, which protects a few hundred instructions at the
 * end of a verification that takes a hundred times as long. It spins a bounded number of times and
 * then gives up: the packet is refused. Reading takes no lock; what it finds is only a guess.
 */
#pragma once

#include "common.h"
#include "drop.h"

#define REPLAY_WINDOW 1024
#include "replay.h"

#define INSTANCES	    16
#define INSTANCE_NONE	    INSTANCES
#define INSTANCE_LOCK_SPINS 2048

struct instance {
	__u64 id;	/* 0: the place is free */
	__u64 newest_s; /* Unix time of its newest packet */
	struct replay_window window;
};

struct instances {
	__u64 lock;
	struct instance of[INSTANCES];
};

/* What a packet says of its sender, and when the packets of a sender are over. */
struct instance_claim {
	__u64 id;
	__u64 counter;
	__u64 time_s;
	__u64 over_before_s; /* packets from before are refused for their time */
};

/* Place of that sender, or INSTANCE_NONE. */
NO_INLINE int instance_find(const struct instances *instances, __u64 id)
{
	if (!instances)
		return INSTANCE_NONE;
	for (__u32 i = 0; i < INSTANCES; i++)
		if (read_once(instances->of[i].id) == id)
			return i;
	return INSTANCE_NONE;
}

/* A place that may be given to another sender, or INSTANCE_NONE. */
NO_INLINE int instance_find_free(const struct instances *instances, __u64 over_before_s)
{
	if (!instances)
		return INSTANCE_NONE;
	for (__u32 i = 0; i < INSTANCES; i++)
		if (!read_once(instances->of[i].id) ||
		    read_once(instances->of[i].newest_s) < over_before_s)
			return i;
	return INSTANCE_NONE;
}

/* What instance_commit() would say now; changes nothing. Returns an enum reason. */
NO_INLINE int instance_check(struct instances *instances, const struct instance_claim *claim)
{
	__u64 place;

	if (!instances || !claim)
		return DROP_REPLAY;
	place = instance_find(instances, claim->id);
	opaque(place);
	if (place < INSTANCES)
		return replay_check(&instances->of[place].window, claim->counter) ? DROP_REPLAY
										  : REASON_NONE;
	place = instance_find_free(instances, claim->over_before_s);
	return place < INSTANCES ? REASON_NONE : DROP_INSTANCES_FULL;
}

/* Returns 0 when the lock is ours. */
NO_INLINE int instance_lock(struct instances *instances)
{
	if (!instances)
		return 1;
	for (__u32 i = 0; i < INSTANCE_LOCK_SPINS; i++)
		if (!__sync_val_compare_and_swap(&instances->lock, 0, 1))
			return 0;
	return 1;
}

/* A new sender, with an empty window. */
NO_INLINE int instance_begin(struct instance *instance, __u64 id)
{
	if (!instance)
		return 1;
	write_once(instance->id, 0);
	instance->window.largest = 0;
	for (__u32 i = 0; i < REPLAY_BLOCKS; i++)
		write_once(instance->window.blocks[i], 0);
	instance->newest_s = 0;
	write_once(instance->id, id);
	return 0;
}

/* Under the lock. */
NO_INLINE int instance_take(struct instances *instances, const struct instance_claim *claim)
{
	struct instance *instance;
	bool is_new = false;
	__u64 place;

	if (!instances || !claim)
		return DROP_REPLAY;
	place = instance_find(instances, claim->id);
	if (place == INSTANCE_NONE) {
		is_new = true;
		place = instance_find_free(instances, claim->over_before_s);
	}
	opaque(place);
	if (place >= INSTANCES)
		return DROP_INSTANCES_FULL;
	instance = &instances->of[place];
	if (is_new)
		instance_begin(instance, claim->id);
	if (replay_commit(&instance->window, claim->counter))
		return DROP_REPLAY;
	if (instance->newest_s < claim->time_s)
		write_once(instance->newest_s, claim->time_s);
	return REASON_NONE;
}

/*
 * The counter has come, of a packet whose signature holds. Of all who say so of one counter, one is
 * told REASON_NONE. Returns an enum reason.
 */
NO_INLINE int instance_commit(struct instances *instances, const struct instance_claim *claim)
{
	int reason;

	if (!instances || !claim)
		return DROP_REPLAY;
	if (instance_lock(instances))
		return DROP_REPLAY;
	reason = instance_take(instances, claim);
	__sync_lock_test_and_set(&instances->lock, 0);
	return reason;
}
