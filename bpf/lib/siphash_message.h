/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SipHash-2-4 of messages of 0 to 9216 bytes, with a tag of 64 or of 128 bits. Constant time: what
 * it takes depends on the length alone. Minimum kernel: 5.18.
 *
 *	struct siphash_state state = siphash_start(key);
 *
 *	if (siphash_message(&state, message, at, length))
 *		return XDP_ABORTED;
 *	tag = siphash_finish(&state);
 */
#pragma once

#include "hash_message.h"
#include "siphash.h"

#define SIPHASH_BLOCK 64
#define SIPHASH_SHORT 512

struct siphash_words {
	__u64 w[SIPHASH_BLOCK / 8];
};

struct siphash_tag128 {
	__u64 low; /* comes first: both are little endian */
	__u64 high;
};

/* Of 128 bits; not the 64-bit hash with more bits. */
INLINE struct siphash_state siphash128_start(const struct siphash_key *key)
{
	struct siphash_state s = siphash_start(key);

	s.v1 ^= 0xee;
	return s;
}

INLINE struct siphash_tag128 siphash128_finish(struct siphash_state *s)
{
	struct siphash_tag128 tag;

	s->v2 ^= 0xee;
	tag.low = siphash_rounds(s);
	s->v1 ^= 0xdd;
	tag.high = siphash_rounds(s);
	return tag;
}

/* Absorbs 64 bytes. Returns 0; 1 when a pointer is NULL. */
NO_INLINE int siphash_block(struct siphash_state *state, const struct siphash_words *block)
{
	struct siphash_state s;

	if (!state || !block)
		return 1;
	s = *state;
#pragma unroll
	for (int i = 0; i < SIPHASH_BLOCK / 8; i++)
		siphash_word(&s, block->w[i]);
	*state = s;
	return 0;
}

/* Absorbs the last bytes, up to limit, which is a constant, and the length of all. */
INLINE void siphash_rest(struct siphash_state *s, const __u8 *bytes, __u64 rest, __u64 limit,
			 __u64 length)
{
	__u64 last = 0;

	opaque(rest); /* or the compiler leaves out the limit of i that the verifier wants */
	for (__u64 i = 0; i <= limit; i += 8) {
		last = *(const __u64 *)(bytes + i);
		if (i + 8 > rest)
			break;
		siphash_word(s, last);
	}
	last &= (1ULL << rest % 8 * 8) - 1;
	siphash_word(s, last | length << 56);
}

/*
 * What comes after whole blocks. A function of its own: the verifier looks at it once, not once for
 * each length. Returns as siphash_message() does.
 */
NO_INLINE int siphash_last(struct siphash_state *state, const struct message *message, __u64 at,
			   __u64 whole, __u64 length)
{
	struct siphash_state s;

	if (!state || !message || !message_has(at, whole))
		return 1;
	s = *state;
	siphash_rest(&s, message->bytes + at + whole, length % SIPHASH_BLOCK, SIPHASH_BLOCK,
		     length);
	*state = s;
	return 0;
}

/* In one go, with the state in registers. */
INLINE int siphash_short(struct siphash_state *state, const __u8 *bytes, __u64 length)
{
	struct siphash_state s = *state;

	siphash_rest(&s, bytes, length, SIPHASH_SHORT, length);
	*state = s;
	return 0;
}

/*
 * Absorbs the whole message: at is 0 to MESSAGE_HEAD_MAX, length 0 to MESSAGE_LENGTH_MAX. Returns
 * 0; 1 for what does not fit, with the state as it was.
 */
NO_INLINE int siphash_message(struct siphash_state *state, const struct message *message, __u64 at,
			      __u64 length)
{
	__u64 whole = length - length % SIPHASH_BLOCK;
	const __u8 *bytes;

	if (!state || !message || !message_has(at, length))
		return 1;
	bytes = message->bytes + at;
	if (length <= SIPHASH_SHORT)
		return siphash_short(state, bytes, length);
	for (__u64 i = 0; i < MESSAGE_LENGTH_MAX; i += SIPHASH_BLOCK) {
		if (i >= whole)
			break;
		siphash_block(state, (const struct siphash_words *)(bytes + i));
	}
	return siphash_last(state, message, at, whole, length);
}
