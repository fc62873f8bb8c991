/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) over whole 64-bit
 * words, little endian: a keyed MAC for cookies and keyed hashing. Constant time.
 */
#pragma once

#include "common.h"

struct siphash_key {
	__u64 k0;
	__u64 k1;
};

struct siphash_state {
	__u64 v0, v1, v2, v3;
};

INLINE __u64 siphash_rotl(__u64 x, int bits)
{
	return x << bits | x >> (64 - bits);
}

INLINE void siphash_round(struct siphash_state *s)
{
	s->v0 += s->v1;
	s->v1 = siphash_rotl(s->v1, 13) ^ s->v0;
	s->v0 = siphash_rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = siphash_rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = siphash_rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = siphash_rotl(s->v1, 17) ^ s->v2;
	s->v2 = siphash_rotl(s->v2, 32);
}

INLINE void siphash_word(struct siphash_state *s, __u64 word)
{
	s->v3 ^= word;
	siphash_round(s);
	siphash_round(s);
	s->v0 ^= word;
}

INLINE struct siphash_state siphash_start(const struct siphash_key *key)
{
	struct siphash_state s = {
		.v0 = key->k0 ^ 0x736f6d6570736575ULL,
		.v1 = key->k1 ^ 0x646f72616e646f6dULL,
		.v2 = key->k0 ^ 0x6c7967656e657261ULL,
		.v3 = key->k1 ^ 0x7465646279746573ULL,
	};

	return s;
}

INLINE __u64 siphash_rounds(struct siphash_state *s)
{
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

INLINE __u64 siphash_finish(struct siphash_state *s)
{
	s->v2 ^= 0xff;
	return siphash_rounds(s);
}

/* words: a compile-time constant, so that the loop unrolls. */
INLINE __u64 siphash(const struct siphash_key *key, const __u64 *data, __u32 words)
{
	struct siphash_state s = siphash_start(key);

#pragma unroll
	for (__u32 i = 0; i < words; i++)
		siphash_word(&s, data[i]);
	siphash_word(&s, (__u64)(words * 8) << 56);
	return siphash_finish(&s);
}
