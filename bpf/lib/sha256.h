/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SHA-256 (FIPS 180-4), one block at a time. sha256_block() is a global function: the verifier
 * checks it once, however often it is called. Constant time.
 */
#pragma once

#include "common.h"

struct sha256_state {
	__u32 h[8];
};

/* The message block as numbers, that is with big-endian bytes already swapped. */
struct sha256_words {
	__u32 w[16];
};

#define SHA256_INIT                                                                                \
	{.h = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, \
	       0x5be0cd19}}

/*
 * BPF has no rotate. Doubling the word into 64 bits once lets all rotations of it be plain shifts:
 * a quarter fewer instructions than two shifts and an or for each. Unless the shift is hidden, the
 * compiler makes a multiplication of it, which is slower.
 */
INLINE __u64 sha256_double(__u32 x)
{
	__u64 low = x, high = low << 32;

	opaque(high);
	return low | high;
}

INLINE __u32 sha256_big0(__u32 x)
{
	__u64 d = sha256_double(x);

	return (__u32)(d >> 2) ^ (__u32)(d >> 13) ^ (__u32)(d >> 22);
}

INLINE __u32 sha256_big1(__u32 x)
{
	__u64 d = sha256_double(x);

	return (__u32)(d >> 6) ^ (__u32)(d >> 11) ^ (__u32)(d >> 25);
}

INLINE __u32 sha256_small0(__u32 x)
{
	__u64 d = sha256_double(x);

	return (__u32)(d >> 7) ^ (__u32)(d >> 18) ^ (x >> 3);
}

INLINE __u32 sha256_small1(__u32 x)
{
	__u64 d = sha256_double(x);

	return (__u32)(d >> 17) ^ (__u32)(d >> 19) ^ (x >> 10);
}

/*
 * One round, on registers named by the caller, who rotates the names instead of the values. The
 * barrier stops the compiler from computing later rounds early and spilling them: the stack is 512
 * bytes for all frames together. "w" tells it that the words need no zero-extension.
 */
#define SHA256_ROUND(a, b, c, d, e, f, g, h, k, w)                                                 \
	do {                                                                                       \
		__u32 t = h + sha256_big1(e) + (g ^ (e & (f ^ g))) + (k) + (w);                    \
		d += t;                                                                            \
		h = t + sha256_big0(a) + ((a & b) | (c & (a | b)));                                \
		asm volatile("" : "+w"(d), "+w"(h)::"memory");                                     \
	} while (0)

/* w[i] for round i + 16 */
#define SHA256_SCHEDULE(w, i)                                                                      \
	(w[(i) & 15] +=                                                                            \
	 sha256_small1(w[((i) + 14) & 15]) + w[((i) + 9) & 15] + sha256_small0(w[((i) + 1) & 15]))

#define SHA256_8ROUNDS(W, i, k0, k1, k2, k3, k4, k5, k6, k7)                                       \
	SHA256_ROUND(a, b, c, d, e, f, g, h, k0, W(w, (i) + 0));                                   \
	SHA256_ROUND(h, a, b, c, d, e, f, g, k1, W(w, (i) + 1));                                   \
	SHA256_ROUND(g, h, a, b, c, d, e, f, k2, W(w, (i) + 2));                                   \
	SHA256_ROUND(f, g, h, a, b, c, d, e, k3, W(w, (i) + 3));                                   \
	SHA256_ROUND(e, f, g, h, a, b, c, d, k4, W(w, (i) + 4));                                   \
	SHA256_ROUND(d, e, f, g, h, a, b, c, k5, W(w, (i) + 5));                                   \
	SHA256_ROUND(c, d, e, f, g, h, a, b, k6, W(w, (i) + 6));                                   \
	SHA256_ROUND(b, c, d, e, f, g, h, a, k7, W(w, (i) + 7))

/* Words come as numbers in w, or as bytes, which are put there. */
#define SHA256_GIVEN(w, i) (bytes ? (w[(i) & 15] = bpf_ntohl(bytes[(i) & 15])) : w[(i) & 15])

INLINE void sha256_compress(struct sha256_state *state, __u32 *w, const __be32 *bytes)
{
	__u32 a, b, c, d, e, f, g, h;

	a = state->h[0];
	b = state->h[1];
	c = state->h[2];
	d = state->h[3];
	e = state->h[4];
	f = state->h[5];
	g = state->h[6];
	h = state->h[7];

	SHA256_8ROUNDS(SHA256_GIVEN, 0, 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b,
		       0x59f111f1, 0x923f82a4, 0xab1c5ed5);
	SHA256_8ROUNDS(SHA256_GIVEN, 8, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74,
		       0x80deb1fe, 0x9bdc06a7, 0xc19bf174);
	SHA256_8ROUNDS(SHA256_SCHEDULE, 16, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
		       0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da);
	SHA256_8ROUNDS(SHA256_SCHEDULE, 24, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
		       0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967);
	SHA256_8ROUNDS(SHA256_SCHEDULE, 32, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
		       0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85);
	SHA256_8ROUNDS(SHA256_SCHEDULE, 40, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
		       0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070);
	SHA256_8ROUNDS(SHA256_SCHEDULE, 48, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
		       0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3);
	SHA256_8ROUNDS(SHA256_SCHEDULE, 56, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
		       0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2);

	state->h[0] += a;
	state->h[1] += b;
	state->h[2] += c;
	state->h[3] += d;
	state->h[4] += e;
	state->h[5] += f;
	state->h[6] += g;
	state->h[7] += h;
}

/*
 * Absorbs one block into the state; the block is used up, since the message schedule is computed in
 * its place. Returns 0; 1 when a pointer is NULL, which the verifier asks for.
 */
NO_INLINE int sha256_block(struct sha256_state *state, struct sha256_words *block)
{
	if (!state || !block)
		return 1;
	sha256_compress(state, block->w, NULL);
	return 0;
}
