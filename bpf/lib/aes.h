/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AES-256 (FIPS 197) in any program, four blocks at a time. Constant time: no table is looked up.
 *
 * The state is bitsliced (Biham 1997; Käsper and Schwabe 2009): slice k holds bit k of each of the
 * 64 bytes, at position 16 * row + 4 * column + block. SubBytes is a circuit of logic operations on
 * all bytes at once; a rotation of rows is one of 16-bit lanes.
 */
#pragma once

#include "common.h"

#define AES_BLOCK  16
#define AES_BLOCKS 64 /* bytes: four blocks */
#define AES_ROUNDS 14

struct aes_slices {
	__u64 q[8];
};

/* Four blocks as bytes: 16 columns of 4 rows. */
struct aes_blocks {
	__u32 column[AES_BLOCKS / 4];
};

struct aes256_key {
	__u32 w[8]; /* the bytes of the key, as they are */
};

/* An expanded key. */
struct aes256 {
	struct aes_slices round[AES_ROUNDS + 1];
	__u32 words[4 * (AES_ROUNDS + 1)]; /* while it is expanded */
	struct aes_slices work;
};

/* Swaps the bits of a that mask << shift names with those of b that mask does. */
#define AES_SWAP(a, b, shift, mask)                                                                \
	do {                                                                                       \
		__u64 difference = ((a) >> (shift) ^ (b)) & (mask);                                \
		(b) ^= difference;                                                                 \
		(a) ^= difference << (shift);                                                      \
	} while (0)

#define AES_SWAP_BITS  0x5555555555555555ULL
#define AES_SWAP_PAIRS 0x3333333333333333ULL
#define AES_SWAP_FOURS 0x0f0f0f0f0f0f0f0fULL

/* Bit j of each byte of word k and bit k of each byte of word j change places. Its own inverse. */
NO_INLINE int aes_transpose(struct aes_slices *slices)
{
	__u64 *q;

	if (!slices)
		return 1;
	q = slices->q;
#pragma unroll
	for (int i = 0; i < 8; i += 2)
		AES_SWAP(q[i], q[i + 1], 1, AES_SWAP_BITS);
#pragma unroll
	for (int i = 0; i < 8; i += 4) {
		AES_SWAP(q[i], q[i + 2], 2, AES_SWAP_PAIRS);
		AES_SWAP(q[i + 1], q[i + 3], 2, AES_SWAP_PAIRS);
	}
#pragma unroll
	for (int i = 0; i < 4; i++)
		AES_SWAP(q[i], q[i + 4], 4, AES_SWAP_FOURS);
	return 0;
}

/*
 * SubBytes: the circuit of Boyar and Peralta ("A new combinational logic minimization technique
 * with applications to cryptology", 2010), of 113 operations, with the names used there: x0 is the
 * highest bit.
 */
INLINE void aes_sub_bytes(__u64 *q)
{
	__u64 x0 = q[7], x1 = q[6], x2 = q[5], x3 = q[4], x4 = q[3], x5 = q[2], x6 = q[1],
	      x7 = q[0];

	/* The inputs of multiplications in GF(2^4) */
	__u64 y14 = x3 ^ x5, y13 = x0 ^ x6, y9 = x0 ^ x3, y8 = x0 ^ x5, t0 = x1 ^ x2;
	__u64 y1 = t0 ^ x7, y4 = y1 ^ x3, y12 = y13 ^ y14, y2 = y1 ^ x0, y5 = y1 ^ x6;
	__u64 y3 = y5 ^ y8, t1 = x4 ^ y12, y15 = t1 ^ x5, y20 = t1 ^ x1, y6 = y15 ^ x7;
	__u64 y10 = y15 ^ t0, y11 = y20 ^ y9, y7 = x7 ^ y11, y17 = y10 ^ y11, y19 = y10 ^ y8;
	__u64 y16 = t0 ^ y11, y21 = y13 ^ y16, y18 = x0 ^ y16;

	/* The inverse */
	__u64 t2 = y12 & y15, t3 = y3 & y6, t4 = t3 ^ t2, t5 = y4 & x7, t6 = t5 ^ t2;
	__u64 t7 = y13 & y16, t8 = y5 & y1, t9 = t8 ^ t7, t10 = y2 & y7, t11 = t10 ^ t7;
	__u64 t12 = y9 & y11, t13 = y14 & y17, t14 = t13 ^ t12, t15 = y8 & y10, t16 = t15 ^ t12;
	__u64 t17 = t4 ^ t14, t18 = t6 ^ t16, t19 = t9 ^ t14, t20 = t11 ^ t16, t21 = t17 ^ y20;
	__u64 t22 = t18 ^ y19, t23 = t19 ^ y21, t24 = t20 ^ y18, t25 = t21 ^ t22;
	__u64 t26 = t21 & t23, t27 = t24 ^ t26, t28 = t25 & t27, t29 = t28 ^ t22;
	__u64 t30 = t23 ^ t24, t31 = t22 ^ t26, t32 = t31 & t30, t33 = t32 ^ t24;
	__u64 t34 = t23 ^ t33, t35 = t27 ^ t33, t36 = t24 & t35, t37 = t36 ^ t34;
	__u64 t38 = t27 ^ t36, t39 = t29 & t38, t40 = t25 ^ t39, t41 = t40 ^ t37;
	__u64 t42 = t29 ^ t33, t43 = t29 ^ t40, t44 = t33 ^ t37, t45 = t42 ^ t41;

	/* Its multiplications */
	__u64 z0 = t44 & y15, z1 = t37 & y6, z2 = t33 & x7, z3 = t43 & y16, z4 = t40 & y1;
	__u64 z5 = t29 & y7, z6 = t42 & y11, z7 = t45 & y17, z8 = t41 & y10, z9 = t44 & y12;
	__u64 z10 = t37 & y3, z11 = t33 & y4, z12 = t43 & y13, z13 = t40 & y5, z14 = t29 & y2;
	__u64 z15 = t42 & y9, z16 = t45 & y14, z17 = t41 & y8;

	/* Back, with the affine part */
	__u64 t46 = z15 ^ z16, t47 = z10 ^ z11, t48 = z5 ^ z13, t49 = z9 ^ z10, t50 = z2 ^ z12;
	__u64 t51 = z2 ^ z5, t52 = z7 ^ z8, t53 = z0 ^ z3, t54 = z6 ^ z7, t55 = z16 ^ z17;
	__u64 t56 = z12 ^ t48, t57 = t50 ^ t53, t58 = z4 ^ t46, t59 = z3 ^ t54, t60 = t46 ^ t57;
	__u64 t61 = z14 ^ t57, t62 = t52 ^ t58, t63 = t49 ^ t58, t64 = z4 ^ t59, t65 = t61 ^ t62;
	__u64 t66 = z1 ^ t63, t67 = t64 ^ t65, s3 = t53 ^ t66;

	q[7] = t59 ^ t63;
	q[6] = t64 ^ ~s3;
	q[5] = t55 ^ ~t67;
	q[4] = s3;
	q[3] = t51 ^ t66;
	q[2] = t47 ^ t65;
	q[1] = t56 ^ ~t62;
	q[0] = t48 ^ ~t60;
}

/* Row r goes left by r columns: rows 2 and 3 by two, then rows 1 and 3 by one. */
INLINE __u64 aes_shift_rows(__u64 x)
{
	__u64 difference = (x ^ x >> 8) & 0x00ff00ff00000000ULL;

	x ^= difference ^ difference << 8;
	return (x & 0x0000ffff0000ffffULL) | (x >> 4 & 0x0fff00000fff0000ULL) |
	       (x << 12 & 0xf0000000f0000000ULL);
}

/* Each byte becomes the one so many rows below. */
INLINE __u64 aes_below(__u64 x, int rows)
{
	return x >> 16 * rows | x << (64 - 16 * rows);
}

/*
 * ShiftRows, MixColumns, AddRoundKey. Of bytes a, b, c, d of a column, a becomes
 * 2 * (a + b) + b + (c + d), where doubling goes from slice to slice and, modulo the polynomial
 * 0x11b, from the highest to slices 0, 1, 3 and 4.
 */
INLINE void aes_mix(__u64 *q, const __u64 *key)
{
	__u64 a = aes_shift_rows(q[7]), below = aes_below(a, 1), high = a ^ below, sum = high;

#pragma unroll
	for (int k = 7; k >= 0; k--) {
		__u64 mixed = below ^ aes_below(sum, 2) ^ key[k];

		if (k > 0) {
			a = aes_shift_rows(q[k - 1]);
			below = aes_below(a, 1);
			sum = a ^ below;
			mixed ^= sum;
		}
		if (k == 0 || k == 1 || k == 3 || k == 4)
			mixed ^= high;
		opaque(mixed);
		q[k] = mixed;
	}
}

NO_INLINE int aes_round(struct aes_slices *state, const struct aes_slices *key)
{
	if (!state || !key)
		return 1;
	aes_sub_bytes(state->q);
	aes_mix(state->q, key->q);
	return 0;
}

NO_INLINE int aes_last_round(struct aes_slices *state, const struct aes_slices *key)
{
	if (!state || !key)
		return 1;
	aes_sub_bytes(state->q);
#pragma unroll
	for (int k = 0; k < 8; k++)
		state->q[k] = aes_shift_rows(state->q[k]) ^ key->q[k];
	return 0;
}

/* The bytes of a column, each in a lane of 16 bits. */
INLINE __u64 aes_spread(__u64 column)
{
	column = (column | column << 16) & 0x0000ffff0000ffffULL;
	return (column | column << 8) & 0x00ff00ff00ff00ffULL;
}

INLINE __u32 aes_gather(__u64 lanes)
{
	lanes &= 0x00ff00ff00ff00ffULL;
	lanes = (lanes | lanes >> 8) & 0x0000ffff0000ffffULL;
	return lanes | lanes >> 16;
}

INLINE void aes_to_slices(struct aes_slices *slices, const struct aes_blocks *blocks)
{
#pragma unroll
	for (int i = 0; i < 4; i++) {
		const __u32 *column = blocks->column + 4 * i;

		slices->q[i] = aes_spread(column[0]) | aes_spread(column[2]) << 8;
		slices->q[i + 4] = aes_spread(column[1]) | aes_spread(column[3]) << 8;
	}
	aes_transpose(slices);
}

INLINE void aes_from_slices(struct aes_blocks *blocks, struct aes_slices *slices)
{
	aes_transpose(slices);
#pragma unroll
	for (int i = 0; i < 4; i++) {
		__u32 *column = blocks->column + 4 * i;

		column[0] = aes_gather(slices->q[i]);
		column[1] = aes_gather(slices->q[i + 4]);
		column[2] = aes_gather(slices->q[i] >> 8);
		column[3] = aes_gather(slices->q[i + 4] >> 8);
	}
}

/* Encrypts four blocks in place. Returns 0; 1 when a pointer is NULL, which the verifier asks for.
 */
NO_INLINE int aes256_encrypt(const struct aes256 *aes, struct aes_blocks *blocks,
			     struct aes_slices *work)
{
	if (!aes || !blocks || !work)
		return 1;
	aes_to_slices(work, blocks);
#pragma unroll
	for (int k = 0; k < 8; k++)
		work->q[k] ^= aes->round[0].q[k];
#pragma clang loop unroll(disable)
	for (int i = 1; i < AES_ROUNDS; i++)
		aes_round(work, &aes->round[i]);
	aes_last_round(work, &aes->round[AES_ROUNDS]);
	aes_from_slices(blocks, work);
	return 0;
}

/* SubWord of the key schedule. */
NO_INLINE int aes_sub_word(struct aes_slices *work, __u32 word)
{
	if (!work)
		return 0;
	__builtin_memset(work, 0, sizeof(*work));
	work->q[0] = word;
	aes_transpose(work);
	aes_sub_bytes(work->q);
	aes_transpose(work);
	return work->q[0];
}

/* Words 8 to 59 of the key schedule; bytes are little endian. */
INLINE void aes256_words(struct aes256 *aes)
{
	__u32 constant = 1;

#pragma clang loop unroll(disable)
	for (int i = 8; i < 4 * (AES_ROUNDS + 1); i++) {
		__u32 word = aes->words[i - 1];

		if (i % 8 == 0) {
			word = aes_sub_word(&aes->work, word >> 8 | word << 24) ^ constant;
			constant <<= 1;
		} else if (i % 4 == 0) {
			word = aes_sub_word(&aes->work, word);
		}
		aes->words[i] = aes->words[i - 8] ^ word;
	}
}

/* A round key as slices: the same in all four blocks. */
NO_INLINE int aes_round_key(struct aes_slices *slices, const struct aes256_key *words)
{
	if (!slices || !words)
		return 1;
#pragma unroll
	for (int i = 0; i < 4; i++) {
		slices->q[i] = aes_spread(words->w[0]) | aes_spread(words->w[2]) << 8;
		slices->q[i + 4] = aes_spread(words->w[1]) | aes_spread(words->w[3]) << 8;
	}
	aes_transpose(slices);
	return 0;
}

/* Expands the key. Returns 0; 1 when a pointer is NULL. */
NO_INLINE int aes256_expand(struct aes256 *aes, const struct aes256_key *key)
{
	if (!aes || !key)
		return 1;
	__builtin_memcpy(aes->words, key->w, sizeof(key->w));
	aes256_words(aes);
#pragma clang loop unroll(disable)
	for (int i = 0; i <= AES_ROUNDS; i++)
		aes_round_key(&aes->round[i], (const struct aes256_key *)(aes->words + 4 * i));
	__builtin_memset(aes->words, 0, sizeof(aes->words));
	__builtin_memset(&aes->work, 0, sizeof(aes->work));
	return 0;
}
