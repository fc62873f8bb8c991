/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SHA-512 and SHA-384 (FIPS 180-4) of messages of 0 to 9216 bytes, used as SHA-256 is: see
 * sha256_message.h. Constant time: what it takes depends on the length alone. Minimum kernel: 5.18.
 */
#pragma once

#include "hash_message.h"

#define SHA512_BLOCK  128
#define SHA512_DIGEST 64
#define SHA384_DIGEST 48

struct sha512_state {
	__u64 h[8];
};

struct sha512_words {
	__u64 w[16];
};

/* 128 bytes as they are in the message. */
struct sha512_bytes {
	__be64 w[16];
};

/* The work of one hash, in map memory: of its own while it lasts, as the state of a CPU is. */
struct sha512 {
	struct sha512_state state;
	struct sha512_words block;
	__u64 bytes; /* in the state already */
	__be64 digest[8];
};

#define SHA512_INIT                                                                                \
	{.h = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,     \
	       0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179}}

#define SHA384_INIT                                                                                \
	{.h = {0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,     \
	       0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4}}

/*
 * Three rotations of a word, added without carry: nested, the right and the left shifts each take
 * six instructions, instead of eleven. a < b < c.
 */
INLINE __u64 sha512_rotations(__u64 x, int a, int b, int c)
{
	__u64 right = ((x >> (c - b) ^ x) >> (b - a) ^ x) >> a;
	__u64 left = ((x << (b - a) ^ x) << (c - b) ^ x) << (64 - c);

	return right ^ left;
}

INLINE __u64 sha512_small0(__u64 x)
{
	return (x >> 1 | x << 63) ^ (x >> 8 | x << 56) ^ x >> 7;
}

INLINE __u64 sha512_small1(__u64 x)
{
	return (x >> 19 | x << 45) ^ (x >> 61 | x << 3) ^ x >> 6;
}

/* As in SHA-256: the names are rotated, not the values, and the barrier saves the stack. */
#define SHA512_ROUND(a, b, c, d, e, f, g, h, k, w)                                                 \
	do {                                                                                       \
		__u64 t = h + sha512_rotations(e, 14, 18, 41) + (g ^ (e & (f ^ g))) + (k##ULL) +   \
			  (w);                                                                     \
		d += t;                                                                            \
		h = t + sha512_rotations(a, 28, 34, 39) + ((a & b) | (c & (a | b)));               \
		asm volatile("" : "+r"(d), "+r"(h)::"memory");                                     \
	} while (0)

/* w[i] for round i + 16 */
#define SHA512_SCHEDULE(w, i)                                                                      \
	(w[(i) & 15] +=                                                                            \
	 sha512_small1(w[((i) + 14) & 15]) + w[((i) + 9) & 15] + sha512_small0(w[((i) + 1) & 15]))

/* Words come as numbers in w, or as bytes, which are put there. */
#define SHA512_GIVEN(w, i) (bytes ? (w[(i) & 15] = bpf_be64_to_cpu(bytes[(i) & 15])) : w[(i) & 15])

#define SHA512_8ROUNDS(W, i, k0, k1, k2, k3, k4, k5, k6, k7)                                       \
	SHA512_ROUND(a, b, c, d, e, f, g, h, k0, W(w, (i) + 0));                                   \
	SHA512_ROUND(h, a, b, c, d, e, f, g, k1, W(w, (i) + 1));                                   \
	SHA512_ROUND(g, h, a, b, c, d, e, f, k2, W(w, (i) + 2));                                   \
	SHA512_ROUND(f, g, h, a, b, c, d, e, k3, W(w, (i) + 3));                                   \
	SHA512_ROUND(e, f, g, h, a, b, c, d, k4, W(w, (i) + 4));                                   \
	SHA512_ROUND(d, e, f, g, h, a, b, c, k5, W(w, (i) + 5));                                   \
	SHA512_ROUND(c, d, e, f, g, h, a, b, k6, W(w, (i) + 6));                                   \
	SHA512_ROUND(b, c, d, e, f, g, h, a, k7, W(w, (i) + 7))

INLINE void sha512_compress(struct sha512_state *state, __u64 *w, const __be64 *bytes)
{
	__u64 a, b, c, d, e, f, g, h;

	a = state->h[0];
	b = state->h[1];
	c = state->h[2];
	d = state->h[3];
	e = state->h[4];
	f = state->h[5];
	g = state->h[6];
	h = state->h[7];

	SHA512_8ROUNDS(SHA512_GIVEN, 0, 0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f,
		       0xe9b5dba58189dbbc, 0x3956c25bf348b538, 0x59f111f1b605d019,
		       0x923f82a4af194f9b, 0xab1c5ed5da6d8118);
	SHA512_8ROUNDS(SHA512_GIVEN, 8, 0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c,
		       0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1,
		       0x9bdc06a725c71235, 0xc19bf174cf692694);
	SHA512_8ROUNDS(SHA512_SCHEDULE, 16, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3,
		       0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65, 0x2de92c6f592b0275,
		       0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5);
	SHA512_8ROUNDS(SHA512_SCHEDULE, 24, 0x983e5152ee66dfab, 0xa831c66d2db43210,
		       0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2,
		       0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70);
	SHA512_8ROUNDS(SHA512_SCHEDULE, 32, 0x27b70a8546d22ffc, 0x2e1b21385c26c926,
		       0x4d2c6dfc5ac42aed, 0x53380d139d95b3df, 0x650a73548baf63de,
		       0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b);
	SHA512_8ROUNDS(SHA512_SCHEDULE, 40, 0xa2bfe8a14cf10364, 0xa81a664bbc423001,
		       0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
		       0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8);
	SHA512_8ROUNDS(SHA512_SCHEDULE, 48, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
		       0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63,
		       0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3);
	SHA512_8ROUNDS(SHA512_SCHEDULE, 56, 0x748f82ee5defb2fc, 0x78a5636f43172f60,
		       0x84c87814a1f0ab72, 0x8cc702081a6439ec, 0x90befffa23631e28,
		       0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b);
	SHA512_8ROUNDS(SHA512_SCHEDULE, 64, 0xca273eceea26619c, 0xd186b8c721c0c207,
		       0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba,
		       0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b);
	SHA512_8ROUNDS(SHA512_SCHEDULE, 72, 0x28db77f523047d84, 0x32caab7b40c72493,
		       0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c, 0x4cc5d4becb3e42b6,
		       0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817);

	state->h[0] += a;
	state->h[1] += b;
	state->h[2] += c;
	state->h[3] += d;
	state->h[4] += e;
	state->h[5] += f;
	state->h[6] += g;
	state->h[7] += h;
}

/* Absorbs one block of numbers, which is used up. Returns 0; 1 when a pointer is NULL. */
NO_INLINE int sha512_block(struct sha512_state *state, struct sha512_words *block)
{
	if (!state || !block)
		return 1;
	sha512_compress(state, block->w, NULL);
	return 0;
}

/* Absorbs one block of bytes. */
NO_INLINE int sha512_block_of_bytes(struct sha512_state *state, const struct sha512_bytes *bytes,
				    struct sha512_words *schedule)
{
	if (!state || !bytes || !schedule)
		return 1;
	sha512_compress(state, schedule->w, bytes->w);
	return 0;
}

INLINE void sha512_start(struct sha512 *hash)
{
	hash->state = (struct sha512_state)SHA512_INIT;
	hash->bytes = 0;
}

INLINE void sha384_start(struct sha512 *hash)
{
	hash->state = (struct sha512_state)SHA384_INIT;
	hash->bytes = 0;
}

/*
 * Absorbs whole blocks: at is 0 to MESSAGE_HEAD_MAX, length a multiple of 128, at most
 * MESSAGE_LENGTH_MAX. Returns 0; 1 for what does not fit, with the hash as it was.
 */
NO_INLINE int sha512_absorb(struct sha512 *hash, const struct message *message, __u64 at,
			    __u64 length)
{
	const __u8 *bytes;

	if (!hash || !message || !message_has(at, length) || length % SHA512_BLOCK)
		return 1;
	bytes = message->bytes + at;
	for (__u64 i = 0; i < MESSAGE_LENGTH_MAX; i += SHA512_BLOCK) {
		if (i >= length)
			break;
		sha512_block_of_bytes(&hash->state, (const struct sha512_bytes *)(bytes + i),
				      &hash->block);
	}
	hash->bytes += length;
	return 0;
}

/* The block as numbers: the first rest bytes of it, the byte 0x80, zeros. */
INLINE void sha512_load_rest(struct sha512_words *block, const __u8 *bytes, __u64 rest)
{
	for (__u64 i = 0; i < SHA512_BLOCK / 8; i++) {
		block->w[i] = message_rest((const __be64 *)bytes, i, rest, 0x80);
		opaque(i);
	}
}

/*
 * Absorbs what is left, of any length, and leaves the digest: of SHA-384 its first 48 bytes.
 * Returns as sha512_absorb() does.
 */
NO_INLINE int sha512_finish(struct sha512 *hash, const struct message *message, __u64 at,
			    __u64 length)
{
	__u64 rest = length % SHA512_BLOCK, whole = length - rest;

	opaque(whole); /* both have limits, of which the compiler would forget one */
	if (!hash || !message || !message_has(at, length) || !message_has(at, whole) ||
	    sha512_absorb(hash, message, at, whole))
		return 1;
	sha512_load_rest(&hash->block, message->bytes + at + whole, rest);
	if (rest >= SHA512_BLOCK - 16) {
		sha512_block(&hash->state, &hash->block);
		__builtin_memset(&hash->block, 0, sizeof(hash->block));
	}
	hash->bytes += rest;
	hash->block.w[14] = 0; /* nobody hashes 2^61 bytes */
	hash->block.w[15] = hash->bytes << 3;
	sha512_block(&hash->state, &hash->block);
#pragma unroll
	for (int i = 0; i < 8; i++)
		hash->digest[i] = bpf_cpu_to_be64(hash->state.h[i]);
	return 0;
}

/* In one go: hash->digest, 64 bytes. */
INLINE int sha512_message(struct sha512 *hash, const struct message *message, __u64 at,
			  __u64 length)
{
	sha512_start(hash);
	return sha512_finish(hash, message, at, length);
}

/* In one go: the first 48 bytes of hash->digest. */
INLINE int sha384_message(struct sha512 *hash, const struct message *message, __u64 at,
			  __u64 length)
{
	sha384_start(hash);
	return sha512_finish(hash, message, at, length);
}
