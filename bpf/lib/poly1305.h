/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Poly1305 (RFC 8439, section 2.5) over whole blocks of 16 bytes, which is what the AEAD feeds it.
 * Constant time: products of 32 bits take the same time whatever the numbers are.
 *
 * Numbers are 32-bit limbs, from the lowest. Clamping clears the top four bits of each limb of r,
 * so that the five products of a column fit 64 bits, and the bottom two of r[1] to r[3]. Since
 * 2^130 = 5 modulo the prime, a product of weight 2^128 counts 5/4 times at weight 1; with the limb
 * of r divisible by 4, that is a whole number: s = r + r / 4.
 *
 * A block is added without carries: with h0 < 2.6 * 2^32 and the other limbs of h below 2^32, limbs
 * of the sum are below 3.6 and 2 times 2^32, and those of r and s below 2^28 and 1.25 * 2^28. The
 * largest column is then below (3.6 + 3 * 2 * 1.25) * 2^60, which is 0.7 * 2^64.
 */
#pragma once

#include "common.h"

#define POLY1305_BLOCK 16
#define POLY1305_CHUNK 256 /* what one call absorbs: few calls, and short loops to verify */

struct poly1305 {
	__u64 h0;   /* may be a little more than 32 bits: the rest is carried in the next block */
	__u32 h[4]; /* from h1 */
	__u32 r[4];
	__u32 s[4];
};

struct poly1305_key {
	__u32 r[4];
	__u32 s[4]; /* added in the end */
};

struct poly1305_chunk {
	__u32 w[POLY1305_CHUNK / 4];
};

struct poly1305_block {
	__u32 w[4];
};

INLINE void poly1305_start(struct poly1305 *mac, const struct poly1305_key *key)
{
	__builtin_memset(mac, 0, sizeof(*mac));
	mac->r[0] = key->r[0] & 0x0fffffff;
#pragma unroll
	for (int i = 1; i < 4; i++) {
		mac->r[i] = key->r[i] & 0x0ffffffc;
		mac->s[i] = mac->r[i] + (mac->r[i] >> 2);
	}
}

struct poly1305_sum {
	__u64 h0, h1, h2, h3, h4;
};

INLINE void poly1305_load(struct poly1305_sum *sum, const struct poly1305 *mac)
{
	sum->h0 = mac->h0;
	sum->h1 = mac->h[0];
	sum->h2 = mac->h[1];
	sum->h3 = mac->h[2];
	sum->h4 = mac->h[3];
}

/* h = (h + block + 2^128) * r */
INLINE void poly1305_step(struct poly1305_sum *h, const struct poly1305 *mac, const __u32 *block)
{
	__u64 a0 = h->h0 + block[0], a1 = h->h1 + block[1], a2 = h->h2 + block[2];
	__u64 a3 = h->h3 + block[3], a4 = h->h4 + 1;
	__u64 r0 = mac->r[0], e0, e1, e2, e3, e4;

	e0 = a0 * r0 + a1 * mac->s[3] + a2 * mac->s[2] + a3 * mac->s[1];
	opaque(e0);
	e1 = a0 * mac->r[1] + a1 * r0 + a2 * mac->s[3] + a3 * mac->s[2] + a4 * mac->s[1];
	e1 += e0 >> 32;
	opaque(e1);
	e2 = a0 * mac->r[2] + a1 * mac->r[1] + a2 * r0 + a3 * mac->s[3] + a4 * mac->s[2];
	e2 += e1 >> 32;
	opaque(e2);
	e3 = a0 * mac->r[3] + a1 * mac->r[2] + a2 * mac->r[1] + a3 * r0 + a4 * mac->s[3];
	e3 += e2 >> 32;
	opaque(e3);
	e4 = a4 * r0 + (e3 >> 32);
	/* What is over 130 bits counts 5 times: e4 / 4 * 5. */
	h->h0 = (__u64)(__u32)e0 + (e4 >> 2) + (e4 & ~3ULL);
	h->h1 = (__u32)e1;
	h->h2 = (__u32)e2;
	h->h3 = (__u32)e3;
	h->h4 = e4 & 3;
}

INLINE void poly1305_save(struct poly1305 *mac, const struct poly1305_sum *sum)
{
	mac->h0 = sum->h0;
	mac->h[0] = sum->h1;
	mac->h[1] = sum->h2;
	mac->h[2] = sum->h3;
	mac->h[3] = sum->h4;
}

/* Absorbs the blocks in which the next length bytes are, of this chunk. Returns 0; 1 for NULL. */
NO_INLINE int poly1305_blocks(struct poly1305 *mac, const struct poly1305_chunk *chunk,
			      __u64 length)
{
	struct poly1305_sum sum;

	if (!mac || !chunk)
		return 1;
	poly1305_load(&sum, mac);
#pragma clang loop unroll(disable)
	for (__u64 i = 0; i < POLY1305_CHUNK; i += POLY1305_BLOCK) {
		if (i >= length)
			break;
		poly1305_step(&sum, mac, chunk->w + i / 4);
	}
	poly1305_save(mac, &sum);
	return 0;
}

/* Returns 0; 1 for NULL. */
NO_INLINE int poly1305_one_block(struct poly1305 *mac, const struct poly1305_block *block)
{
	struct poly1305_sum sum;

	if (!mac || !block)
		return 1;
	poly1305_load(&sum, mac);
	poly1305_step(&sum, mac, block->w);
	poly1305_save(mac, &sum);
	return 0;
}

/* Bytes of map memory, at most max, a multiple of the chunk, and with room for whole blocks. */
INLINE void poly1305_absorb(struct poly1305 *mac, const __u8 *bytes, __u64 length, __u64 max)
{
	for (__u64 i = 0; i < max; i += POLY1305_CHUNK) {
		if (i >= length)
			break;
		poly1305_blocks(mac, (const struct poly1305_chunk *)(bytes + i), length - i);
	}
}

/* tag = (h mod 2^130 - 5) + s, of which 128 bits count. */
INLINE void poly1305_finish(const struct poly1305 *mac, const struct poly1305_key *key, __u64 *tag)
{
	__u64 s0 = key->s[0] | (__u64)key->s[1] << 32, s1 = key->s[2] | (__u64)key->s[3] << 32;
	__u64 g0, g1, g2, g3, is_over, low, high;
	struct poly1305_sum h;

	poly1305_load(&h, mac);
	h.h1 += h.h0 >> 32;
	h.h2 += h.h1 >> 32;
	h.h3 += h.h2 >> 32;
	h.h4 += h.h3 >> 32;
	g0 = (h.h0 & 0xffffffff) + 5;
	g1 = (h.h1 & 0xffffffff) + (g0 >> 32);
	g2 = (h.h2 & 0xffffffff) + (g1 >> 32);
	g3 = (h.h3 & 0xffffffff) + (g2 >> 32);
	is_over = -((h.h4 + (g3 >> 32)) >> 2 & 1);
	low = (__u32)h.h0 | h.h1 << 32;
	high = (__u32)h.h2 | h.h3 << 32;
	low ^= (low ^ ((__u32)g0 | g1 << 32)) & is_over;
	high ^= (high ^ ((__u32)g2 | g3 << 32)) & is_over;
	tag[0] = low + s0;
	tag[1] = high + s1 + (tag[0] < low);
}
