/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GHASH (NIST SP 800-38D, section 6.4): y = (y + block) * H for each block of 16 bytes, in
 * GF(2^128). Three ways to multiply by H:
 *
 *	GHASH_SMALL	 8 KiB of tables per key: for each of the 32 nibbles of a block, its 16
 *			 multiples of H at that place. A product is a sum of 32 of them: nothing is
 *			 shifted or reduced.
 *	GHASH_LARGE	 64 KiB per key: the same with 16 bytes.
 *	GHASH_TABLE_FREE H alone, and integer multiplications: three times the time.
 *
 * Tables are computed in user space (ghashTables() of @cryptbpf/core/crypto). Which lines of them
 * are in the cache afterwards tells who shares the cache about the blocks and H; table-free
 * multiplication is constant time.
 */
#pragma once

#include "common.h"

#define GHASH_BLOCK 16
#define GHASH_CHUNK 256 /* what one call absorbs: few calls, and short loops to verify */

enum ghash_kind {
	GHASH_SMALL,
	GHASH_LARGE,
	GHASH_TABLE_FREE,
};

/* y: 16 bytes as they are in memory. */
struct ghash {
	__u64 y[2];
};

struct ghash_chunk {
	__u64 w[GHASH_CHUNK / 8];
};

/* [place of the nibble: of byte 0 the low one, the high one, of byte 1, …][nibble] */
struct ghash_small {
	__u64 product[32][16][2];
};

/* [place of the byte][byte] */
struct ghash_large {
	__u64 product[16][256][2];
};

/* H: the block of zeros, encrypted. */
struct ghash_subkey {
	__be64 h[2];
};

/*
 * Adds one product, of the table at this constant place. The barriers keep the compiler from
 * looking up several at once, which it has no registers for; place comes after one, or the
 * addresses of all tables are computed before.
 */
INLINE void ghash_look_up(__u64 *y, const void *key, __u64 offset, int place)
{
	const void *product = key + offset;

	opaque(product);
	y[0] ^= *(const __u64 *)(product + place);
	y[1] ^= *(const __u64 *)(product + place + 8);
	opaque(y[0]);
	opaque(y[1]);
}

/* The eight bits from bit on, as an offset in a table of 16-byte entries. */
INLINE __u64 ghash_offset(__u64 word, int bit, __u64 mask)
{
	return (bit >= 4 ? word >> (bit - 4) : word << (4 - bit)) & mask;
}

INLINE void ghash_by_small(__u64 *y, const struct ghash_small *key)
{
	__u64 x[2] = {y[0], y[1]};

	y[0] = 0;
	y[1] = 0;
#pragma unroll
	for (int i = 0; i < 32; i++) {
		opaque(x[i / 16]);
		ghash_look_up(y, key, ghash_offset(x[i / 16], i % 16 * 4, 0xf0), i * 256);
	}
}

INLINE void ghash_by_large(__u64 *y, const struct ghash_large *key)
{
	__u64 x[2] = {y[0], y[1]};

	y[0] = 0;
	y[1] = 0;
#pragma unroll
	for (int i = 0; i < 16; i++) {
		opaque(x[i / 8]);
		ghash_look_up(y, key, ghash_offset(x[i / 8], i % 8 * 8, 0xff0), i * 4096);
	}
}

#define GHASH_SWAP(x, bits, mask) ((x) = ((x) & (mask)) << (bits) | ((x) >> (bits) & (mask)))

INLINE __u64 ghash_reverse(__u64 x)
{
	GHASH_SWAP(x, 1, 0x5555555555555555ULL);
	GHASH_SWAP(x, 2, 0x3333333333333333ULL);
	GHASH_SWAP(x, 4, 0x0f0f0f0f0f0f0f0fULL);
	return __builtin_bswap64(x);
}

/*
 * The low 64 bits of the product of polynomials over GF(2). Where only each fourth bit of the
 * factors can be set, an integer product counts in four bits how often each term occurs, at most 15
 * times but for the highest, whose carry is lost; the lowest of those bits is the coefficient.
 */
struct ghash_factor {
	__u64 bits[4]; /* each fourth bit, from 0, 1, 2 and 3 */
};

#define GHASH_EACH_FOURTH 0x1111111111111111ULL

INLINE struct ghash_factor ghash_factor(__u64 x)
{
	struct ghash_factor factor;

#pragma unroll
	for (int i = 0; i < 4; i++)
		factor.bits[i] = x & GHASH_EACH_FOURTH << i;
	return factor;
}

static __noinline __u64 ghash_low_product(__u64 x, __u64 y)
{
	struct ghash_factor a = ghash_factor(x), b = ghash_factor(y);
	__u64 product = 0;

#pragma unroll
	for (int i = 0; i < 4; i++) {
		__u64 sum = 0;

#pragma unroll
		for (int j = 0; j < 4; j++) {
			sum ^= a.bits[j] * b.bits[(i - j) & 3];
			opaque(sum);
		}
		product |= sum & GHASH_EACH_FOURTH << i;
	}
	return product;
}

/* Two halves and their sum, for Karatsuba's method; the bits as they are, or reversed. */
struct ghash_parts {
	__u64 low;
	__u64 high;
	__u64 sum;
};

INLINE struct ghash_parts ghash_parts(__u64 low, __u64 high)
{
	return (struct ghash_parts){low, high, low ^ high};
}

/* The low halves of the products of the low parts, of the high ones, and of the mixed ones. */
INLINE struct ghash_parts ghash_products(const struct ghash_parts *a, const struct ghash_parts *b)
{
	struct ghash_parts products;

	products.low = ghash_low_product(a->low, b->low);
	products.high = ghash_low_product(a->high, b->high);
	products.sum = ghash_low_product(a->sum, b->sum) ^ products.low ^ products.high;
	return products;
}

/* The high half of a product is the low half of that of the reversed factors, reversed. */
INLINE __u64 ghash_high_half(__u64 reversed)
{
	return ghash_reverse(reversed) >> 1;
}

/*
 * Modulo x^128 + x^7 + x^2 + x + 1, of a product that is 255 bits long and, since GCM numbers bits
 * from the left, has to be shifted by one more.
 */
INLINE void ghash_reduce(__u64 *low, __u64 *high, const struct ghash_parts *products,
			 const struct ghash_parts *reversed)
{
	__u64 v0 = products->low;
	__u64 v1 = ghash_high_half(reversed->low) ^ products->sum;
	__u64 v2 = ghash_high_half(reversed->sum) ^ products->high;
	__u64 v3 = ghash_high_half(reversed->high);

	v3 = v3 << 1 | v2 >> 63;
	v2 = v2 << 1 | v1 >> 63;
	v1 = v1 << 1 | v0 >> 63;
	v0 = v0 << 1;
	v2 ^= v0 ^ v0 >> 1 ^ v0 >> 2 ^ v0 >> 7;
	v1 ^= v0 << 63 ^ v0 << 62 ^ v0 << 57;
	v3 ^= v1 ^ v1 >> 1 ^ v1 >> 2 ^ v1 >> 7;
	v2 ^= v1 << 63 ^ v1 << 62 ^ v1 << 57;
	*low = v2;
	*high = v3;
}

INLINE void ghash_table_free(__u64 *y, const struct ghash_subkey *key)
{
	__u64 h0 = bpf_be64_to_cpu(key->h[1]), h1 = bpf_be64_to_cpu(key->h[0]);
	__u64 y0 = bpf_be64_to_cpu(y[1]), y1 = bpf_be64_to_cpu(y[0]);
	struct ghash_parts h = ghash_parts(h0, h1), a = ghash_parts(y0, y1);
	struct ghash_parts h_reversed = ghash_parts(ghash_reverse(h0), ghash_reverse(h1));
	struct ghash_parts a_reversed = ghash_parts(ghash_reverse(y0), ghash_reverse(y1));
	struct ghash_parts products = ghash_products(&a, &h);
	struct ghash_parts reversed = ghash_products(&a_reversed, &h_reversed);

	ghash_reduce(&y0, &y1, &products, &reversed);
	y[0] = bpf_cpu_to_be64(y1);
	y[1] = bpf_cpu_to_be64(y0);
}

INLINE void ghash_multiply(__u64 *y, enum ghash_kind kind, const void *key)
{
	if (kind == GHASH_SMALL)
		ghash_by_small(y, key);
	else if (kind == GHASH_LARGE)
		ghash_by_large(y, key);
	else
		ghash_table_free(y, key);
}

/* The blocks in which the next length bytes are, of this chunk. */
INLINE int ghash_chunk(struct ghash *hash, enum ghash_kind kind, const void *key,
		       const struct ghash_chunk *chunk, __u64 length)
{
	__u64 y[2];

	if (!hash || !key || !chunk)
		return 1;
	y[0] = hash->y[0];
	y[1] = hash->y[1];
#pragma clang loop unroll(disable)
	for (__u64 i = 0; i < GHASH_CHUNK / 8; i += 2) {
		if (i * 8 >= length)
			break;
		y[0] ^= chunk->w[i];
		y[1] ^= chunk->w[i + 1];
		ghash_multiply(y, kind, key);
	}
	hash->y[0] = y[0];
	hash->y[1] = y[1];
	return 0;
}

NO_INLINE int ghash_small_chunk(struct ghash *hash, const struct ghash_small *key,
				const struct ghash_chunk *chunk, __u64 length)
{
	return ghash_chunk(hash, GHASH_SMALL, key, chunk, length);
}

NO_INLINE int ghash_large_chunk(struct ghash *hash, const struct ghash_large *key,
				const struct ghash_chunk *chunk, __u64 length)
{
	return ghash_chunk(hash, GHASH_LARGE, key, chunk, length);
}

NO_INLINE int ghash_table_free_chunk(struct ghash *hash, const struct ghash_subkey *key,
				     const struct ghash_chunk *chunk, __u64 length)
{
	return ghash_chunk(hash, GHASH_TABLE_FREE, key, chunk, length);
}

/*
 * Bytes of map memory, at most max, a multiple of the chunk, with zeros after them up to a whole
 * block. key: what belongs to the kind, which is known when the program is loaded.
 */
INLINE void ghash_absorb(struct ghash *hash, enum ghash_kind kind, const void *key,
			 const __u8 *bytes, __u64 length, __u64 max)
{
	for (__u64 i = 0; i < max; i += GHASH_CHUNK) {
		const struct ghash_chunk *chunk;

		opaque(i);
		if (i >= length)
			break;
		chunk = (const struct ghash_chunk *)(bytes + i);
		if (kind == GHASH_SMALL)
			ghash_small_chunk(hash, key, chunk, length - i);
		else if (kind == GHASH_LARGE)
			ghash_large_chunk(hash, key, chunk, length - i);
		else
			ghash_table_free_chunk(hash, key, chunk, length - i);
	}
}
