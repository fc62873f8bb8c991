/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ChaCha20 (RFC 8439, section 2.4), a block of 64 bytes at a time. Constant time.
 */
#pragma once

#include "common.h"

struct chacha20_key {
	__u32 w[8]; /* the bytes of the key, as they are */
};

struct chacha20_state {
	__u32 w[16];
};

/* 64 bytes of text. */
struct chacha20_block {
	__u32 w[16];
};

#define CHACHA20_COUNTER 12 /* the word that counts blocks */

/*
 * a += b, d ^= a, d rotated. In assembly, since clang spends a third more on moves. Volatile also
 * keeps it from mixing pairs: ten registers hold one, and the stack is 512 bytes for all frames
 * together. "w" says that words need no zero-extension.
 */
#define CHACHA20_STEP(a, b, d, bits)                                                               \
	do {                                                                                       \
		__u32 rest;                                                                        \
                                                                                                   \
		asm volatile("%0 += %3; %1 ^= %0; %2 = %1; %2 >>= %5; %1 <<= %4; %1 |= %2"         \
			     : "+w"(a), "+w"(d), "=&w"(rest)                                       \
			     : "w"(b), "i"(bits), "i"(32 - (bits)));                               \
	} while (0)

/* Two quarters at a time: each step waits for the one before it, but not for the other quarter. */
INLINE void chacha20_pair(__u32 *x, int i, int j, int k, int l, int m, int n, int o, int p)
{
	__u32 a = x[i], b = x[j], c = x[k], d = x[l];
	__u32 e = x[m], f = x[n], g = x[o], h = x[p];

	CHACHA20_STEP(a, b, d, 16);
	CHACHA20_STEP(e, f, h, 16);
	CHACHA20_STEP(c, d, b, 12);
	CHACHA20_STEP(g, h, f, 12);
	CHACHA20_STEP(a, b, d, 8);
	CHACHA20_STEP(e, f, h, 8);
	CHACHA20_STEP(c, d, b, 7);
	CHACHA20_STEP(g, h, f, 7);
	x[i] = a, x[j] = b, x[k] = c, x[l] = d;
	x[m] = e, x[n] = f, x[o] = g, x[p] = h;
}

INLINE void chacha20_double_round(__u32 *x)
{
	chacha20_pair(x, 0, 4, 8, 12, 1, 5, 9, 13);
	chacha20_pair(x, 2, 6, 10, 14, 3, 7, 11, 15);
	chacha20_pair(x, 0, 5, 10, 15, 1, 6, 11, 12);
	chacha20_pair(x, 2, 7, 8, 13, 3, 4, 9, 14);
}

/* For block 0 of this key and nonce. */
INLINE void chacha20_start(struct chacha20_state *state, const struct chacha20_key *key,
			   const __be32 *nonce)
{
	state->w[0] = 0x61707865;
	state->w[1] = 0x3320646e;
	state->w[2] = 0x79622d32;
	state->w[3] = 0x6b206574;
	__builtin_memcpy(state->w + 4, key->w, sizeof(key->w));
	state->w[CHACHA20_COUNTER] = 0;
	__builtin_memcpy(state->w + 13, nonce, 12);
}

/*
 * Encrypts or decrypts 64 bytes in place, and goes on to the next block. Returns 0; 1 when a
 * pointer is NULL, which the verifier asks for.
 */
NO_INLINE int chacha20_xor(struct chacha20_state *state, struct chacha20_block *block)
{
	__u32 x[16];

	if (!state || !block)
		return 1;
#pragma unroll
	for (int i = 0; i < 16; i++)
		x[i] = state->w[i];
#pragma clang loop unroll(disable)
	for (int i = 0; i < 10; i++)
		chacha20_double_round(x);
#pragma unroll
	for (int i = 0; i < 16; i++)
		block->w[i] ^= x[i] + state->w[i];
	state->w[CHACHA20_COUNTER]++;
	return 0;
}
