/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers of P-256 between bytes, words and limbs; comparisons and small operations on each. */
#pragma once

#include "p256_constants.gen.h"
#include "p256_field.gen.h"

/* a - b - *borrow */
INLINE __u64 p256_subtract_word(__u64 a, __u64 b, __u64 *borrow)
{
	__u64 difference = a - b - *borrow;

	*borrow = ((~a & b) | (~(a ^ b) & difference)) >> 63;
	return difference;
}

/* Returns 1 if a < b, and then to = a - b + 2^256. */
INLINE __u64 p256_subtract_words(__u64 *to, const __u64 *a, const __u64 *b)
{
	__u64 borrow = 0;

#pragma unroll
	for (int i = 0; i < 4; i++)
		to[i] = p256_subtract_word(a[i], b[i], &borrow);
	return borrow;
}

INLINE bool p256_below(const __u64 *a, const __u64 *b)
{
	__u64 difference[4];

	return p256_subtract_words(difference, a, b);
}

INLINE bool p256_is_zero_word(const __u64 *a)
{
	return !(a[0] | a[1] | a[2] | a[3]);
}

INLINE void p256_read(struct p256_words *to, const __u8 *bytes)
{
#pragma unroll
	for (int i = 0; i < 4; i++)
		to->word[3 - i] = __builtin_bswap64(*(const __u64 *)(bytes + 8 * i));
}

INLINE void p256_write(__u8 *bytes, const struct p256_words *from)
{
#pragma unroll
	for (int i = 0; i < 4; i++)
		*(__u64 *)(bytes + 8 * i) = __builtin_bswap64(from->word[3 - i]);
}

INLINE void p256_unpack(struct p256_element *to, const __u64 *w)
{
	to->limb[0] = w[0] & P256_LIMB_MASK;
	to->limb[1] = (w[0] >> 29) & P256_LIMB_MASK;
	to->limb[2] = ((w[0] >> 58) | (w[1] << 6)) & P256_LIMB_MASK;
	to->limb[3] = (w[1] >> 23) & P256_LIMB_MASK;
	to->limb[4] = ((w[1] >> 52) | (w[2] << 12)) & P256_LIMB_MASK;
	to->limb[5] = (w[2] >> 17) & P256_LIMB_MASK;
	to->limb[6] = ((w[2] >> 46) | (w[3] << 18)) & P256_LIMB_MASK;
	to->limb[7] = (w[3] >> 11) & P256_LIMB_MASK;
	to->limb[8] = w[3] >> 40;
}

/* Of an element that is from 0 to 2^256 - 1. */
INLINE void p256_pack(__u64 *w, const struct p256_element *from)
{
	const __u64 *limb = (const __u64 *)from->limb;

	w[0] = limb[0] | (limb[1] << 29) | (limb[2] << 58);
	w[1] = (limb[2] >> 6) | (limb[3] << 23) | (limb[4] << 52);
	w[2] = (limb[4] >> 12) | (limb[5] << 17) | (limb[6] << 46);
	w[3] = (limb[6] >> 18) | (limb[7] << 11) | (limb[8] << 40);
}

/* Makes limbs that additions and subtractions left outside 0 to 2^29 - 1 fit again. */
INLINE void p256_carry(struct p256_element *a)
{
	__s64 carry = 0;

#pragma unroll
	for (int i = 0; i < P256_LIMBS - 1; i++) {
		__s64 limb = a->limb[i] + carry;

		a->limb[i] = limb & P256_LIMB_MASK;
		carry = limb >> P256_RADIX;
	}
	a->limb[P256_LIMBS - 1] += carry;
}

/* to = a - times * b */
INLINE void p256_subtract(struct p256_element *to, const struct p256_element *a, __s64 times,
			  const struct p256_element *b)
{
#pragma unroll
	for (int i = 0; i < P256_LIMBS; i++)
		to->limb[i] = a->limb[i] - times * b->limb[i];
	p256_carry(to);
}

/* a -= modulus where a >= modulus; a is from 0 to 2 * modulus - 1. */
INLINE void p256_subtract_once(struct p256_element *a, const struct p256_element *modulus)
{
	struct p256_element difference;
	__s64 keep;

	p256_subtract(&difference, a, 1, modulus);
	keep = difference.limb[P256_LIMBS - 1] >> 63;
#pragma unroll
	for (int i = 0; i < P256_LIMBS; i++)
		a->limb[i] = (a->limb[i] & keep) | (difference.limb[i] & ~keep);
}

/* Whether a is 0 modulo p, in Montgomery form or not. Uses a up. */
NO_INLINE int p256_is_zero(struct p256_element *a)
{
	const struct p256_element p = {P256_P_LIMBS};
	__u64 zero = 0, modulus = 0;

	if (!a)
		return 0;
	p256_reduce(a, a);
#pragma unroll
	for (int i = 0; i < P256_LIMBS; i++) {
		zero |= a->limb[i];
		modulus |= a->limb[i] ^ p.limb[i];
	}
	return !zero || !modulus;
}

/* As 32 bytes, out of Montgomery form, from 0 to p - 1. Uses a up. */
INLINE void p256_write_element(__u8 *bytes, struct p256_element *a)
{
	const struct p256_element p = {P256_P_LIMBS};
	struct p256_words words;

	p256_reduce(a, a);
	p256_subtract_once(a, &p);
	p256_pack(words.word, a);
	p256_write(bytes, &words);
}
