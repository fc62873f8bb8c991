/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A window of the counters that have come, as in RFC 6479: blocks of bits in a ring. Here each
 * block is one word that also says which round of the ring its bits are of, so that one
 * compare-and-swap both forgets an old round and notes a counter. There is no lock: CPUs that share
 * a window never accept a counter twice, and it may lie in any map and be used in any program.
 *
 * A counter is fresh that was not committed and is less than REPLAY_WINDOW behind the largest that
 * was. A window of all zeros is a new one. Counters are of 64 bits and do not wrap: after 2^64 - 1
 * only those of the window are left. Minimum kernel: 5.12.
 *
 * replay_check() before the packet is authenticated costs little and changes nothing;
 * replay_commit() afterwards decides.
 */
#pragma once

#include "common.h"

/* A multiple of the block; a smaller one where many windows are kept. */
#ifndef REPLAY_WINDOW
#define REPLAY_WINDOW 8192
#endif
#define REPLAY_BLOCK_BITS 8
/* One more than the window fills, as its two ends can lie in one block. */
#define REPLAY_BLOCKS (REPLAY_WINDOW / REPLAY_BLOCK_BITS + 1)

/*
 * 8 bits of counters and 56 of the round: a round is at least 1024 counters long, so that no round
 * has a number of more than 54 bits.
 */
struct replay_window {
	__u64 largest;
	__u64 blocks[REPLAY_BLOCKS];
};

_Static_assert(REPLAY_WINDOW >= 1024 && REPLAY_WINDOW % REPLAY_BLOCK_BITS == 0, "replay window");

enum replay {
	REPLAY_FRESH,
	REPLAY_SEEN,
	REPLAY_OLD,
	REPLAY_BUSY, /* too many CPUs want this block at once: refuse */
};

/*
 * A swap that fails means that another one succeeded. In one round of a block 8 can, if none is of
 * a later round, which ends the attempt.
 */
#define REPLAY_TRIES 16

struct replay_place {
	__u64 round;
	__u64 bit;
	__u64 *block;
};

/* The verifier does not know what a remainder is less than: the bound is for it alone. */
INLINE void replay_find(struct replay_window *window, __u64 counter, struct replay_place *place)
{
	__u64 block = counter / REPLAY_BLOCK_BITS;
	__u64 round = block / REPLAY_BLOCKS;
	__u64 index = block - round * REPLAY_BLOCKS;

	opaque(index);
	if (index >= REPLAY_BLOCKS)
		index = 0;
	place->round = round;
	place->bit = 1ULL << counter % REPLAY_BLOCK_BITS;
	place->block = &window->blocks[index];
}

INLINE enum replay replay_judge(const struct replay_place *place, __u64 word)
{
	__u64 round = word >> REPLAY_BLOCK_BITS;

	if (round != place->round)
		return round < place->round ? REPLAY_FRESH : REPLAY_OLD;
	return word & place->bit ? REPLAY_SEEN : REPLAY_FRESH;
}

INLINE bool replay_is_behind(struct replay_window *window, __u64 counter)
{
	__u64 largest = read_once(window->largest);

	return largest > counter && largest - counter >= REPLAY_WINDOW;
}

/* Returns an enum replay: what replay_commit() would say now. */
NO_INLINE int replay_check(struct replay_window *window, __u64 counter)
{
	struct replay_place place;

	if (!window)
		return REPLAY_OLD;
	if (replay_is_behind(window, counter))
		return REPLAY_OLD;
	replay_find(window, counter, &place);
	return replay_judge(&place, read_once(*place.block));
}

/* Notes the counter in its block: at most one caller is told that it is fresh. */
INLINE enum replay replay_mark(const struct replay_place *place)
{
	for (int i = 0; i < REPLAY_TRIES; i++) {
		__u64 word = read_once(*place->block), next = word | place->bit;
		enum replay verdict = replay_judge(place, word);

		if (verdict)
			return verdict;
		if (word >> REPLAY_BLOCK_BITS != place->round)
			next = place->round << REPLAY_BLOCK_BITS | place->bit;
		if (__sync_val_compare_and_swap(place->block, word, next) == word)
			return REPLAY_FRESH;
	}
	return REPLAY_BUSY;
}

/* Blocks alone keep counters from coming twice: this one is about what is too old. */
INLINE void replay_advance(struct replay_window *window, __u64 counter)
{
	for (int i = 0; i < REPLAY_TRIES; i++) {
		__u64 largest = read_once(window->largest);

		if (largest >= counter ||
		    __sync_val_compare_and_swap(&window->largest, largest, counter) == largest)
			return;
	}
}

/* Returns an enum replay. REPLAY_FRESH is said once of a counter; all else is refused. */
NO_INLINE int replay_commit(struct replay_window *window, __u64 counter)
{
	struct replay_place place;
	enum replay verdict;

	if (!window)
		return REPLAY_OLD;
	if (replay_is_behind(window, counter))
		return REPLAY_OLD;
	replay_find(window, counter, &place);
	verdict = replay_mark(&place);
	if (verdict == REPLAY_FRESH)
		replay_advance(window, counter);
	return verdict;
}
