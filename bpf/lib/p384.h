/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ECDSA on P-384 (FIPS 186-5) with any key, without tables of the controller's. Variable time:
 * public data only. Minimum kernel: 5.12; tested from 6.1 on.
 *
 * Numbers have signed limbs of 28 bits. What multiplications write has limbs from 0 to 2^28 - 1,
 * but for the highest, which has the sign; sums and differences are left without a carry where what
 * they are multiplied with allows it (scripts/field/wide.mjs: SLACK), else _carry says so.
 * Coordinates are in Montgomery form.
 */
#pragma once

#include <linux/errno.h>
#include "p384_field.gen.h"

#define P384_OK	      0
#define P384_REJECTED (-EKEYREJECTED)

#define P384_RADIX     28
#define P384_LIMB_MASK ((1 << P384_RADIX) - 1)

/* Scalars are cut into windows; digits are from -16 to 16. */
#define P384_WINDOW    5
#define P384_MULTIPLES (1 << (P384_WINDOW - 1))
#define P384_WINDOWS   ((P384_BITS + P384_WINDOW) / P384_WINDOW)

/* Lowest word first; a word above, always 0, is read along with the highest. */
struct p384_words {
	__u64 word[P384_WORDS + 1];
};

struct p384_affine {
	struct p384_element x, y;
};

/* The affine point (x / z^2, y / z^3). */
struct p384_jacobian {
	struct p384_element x, y, z;
};

/* On the wire: numbers with their highest byte first. */
struct p384_number {
	__u8 bytes[P384_BYTES];
};

struct p384_signature {
	struct p384_number r, s;
};

struct p384_xy {
	struct p384_number x, y;
};

/* A digest of 32, 48 or 64 bytes. */
struct p384_digest {
	__u8 bytes[64];
	__u32 length;
};

struct p384_scalar {
	struct p384_words words;
	__s8 digit[P384_WINDOWS];
};

/* Of one CPU, for one program at a time: a value of a per-CPU array that the program owns. */
struct p384_work {
	struct p384_scalar of_generator, of_key;
	struct p384_jacobian sum;
	/* sum is infinity */
	__u64 is_zero;
	/* what is added to it */
	struct p384_jacobian point;
	struct p384_element x1, y1, x2, y2, z;
	struct p384_element a, b, h, r;
	struct p384_element inverse;
	struct p384_words words;
	struct p384_jacobian multiple[P384_MULTIPLES];
	struct p384_element power[16];
};

/* Read from memory: on the stack they would take too much of its 512 bytes. */
static const struct p384_element p384_p = {P384_P_LIMBS}, p384_n = {P384_N_LIMBS};
static const __u64 p384_p_words[] = P384_P_WORDS, p384_n_words[] = P384_N_WORDS;
static const __u64 p384_p_minus_n[] = P384_P_MINUS_N_WORDS;
static const __u64 p384_n_minus_2[] = P384_N_MINUS_2_WORDS;
static const struct p384_affine p384_generator[P384_MULTIPLES] = P384_GENERATOR;

/* Words and bytes */

INLINE __u64 p384_subtract_word(__u64 a, __u64 b, __u64 *borrow)
{
	__u64 difference = a - b - *borrow;

	*borrow = ((~a & b) | (~(a ^ b) & difference)) >> 63;
	return difference;
}

INLINE bool p384_below(const __u64 *a, const __u64 *b)
{
	__u64 borrow = 0;

#pragma unroll
	for (int i = 0; i < P384_WORDS; i++) {
		p384_subtract_word(a[i], b[i], &borrow);
		opaque(borrow);
	}
	return borrow;
}

INLINE bool p384_is_scalar(const __u64 *words)
{
	__u64 any = 0;

#pragma unroll
	for (int i = 0; i < P384_WORDS; i++)
		any |= words[i];
	return any && p384_below(words, p384_n_words);
}

INLINE void p384_read(struct p384_words *to, const struct p384_number *number)
{
	const __u8 *bytes = number->bytes;

#pragma unroll
	for (int i = 0; i < P384_BYTES / 8; i++)
		to->word[i] = __builtin_bswap64(*(const __u64 *)(bytes + P384_BYTES - 8 - 8 * i));
	if (P384_BYTES % 8) /* of P-521: two bytes more */
		to->word[P384_BYTES / 8] = bytes[0] << 8 | bytes[1];
	to->word[P384_WORDS] = 0;
}

/*
 * The leftmost bits of the digest as a number: all of a shorter one. Returns 0, or 1 for another
 * length.
 */
INLINE int p384_read_digest(struct p384_words *to, const struct p384_digest *digest)
{
	__u64 length = digest->length;

	if (length != 32 && length != 48 && length != 64)
		return 1;
	if (length > P384_BYTES)
		length = P384_BYTES;
#pragma unroll
	for (__u64 i = 0; i < P384_WORDS; i++) {
		__u64 at = (length - 8 - 8 * i) & 56;

		to->word[i] = 0;
		if (8 * i < length)
			to->word[i] = __builtin_bswap64(*(const __u64 *)(digest->bytes + at));
	}
	to->word[P384_WORDS] = 0;
	return 0;
}

INLINE void p384_unpack(struct p384_element *to, const __u64 *w)
{
#pragma unroll
	for (int i = 0; i < P384_LIMBS; i++) {
		int bit = i * P384_RADIX, k = bit / 64;
		__u64 limb = w[k] >> (bit % 64);

		if (bit % 64 > 64 - P384_RADIX)
			limb |= w[k + 1] << (64 - bit % 64);
		to->limb[i] = limb & P384_LIMB_MASK;
	}
}

/* Of a number from 0 to below 2^P384_BITS. */
INLINE void p384_pack(__u64 *w, const struct p384_element *from)
{
#pragma unroll
	for (int k = 0; k < P384_WORDS + 1; k++)
		w[k] = 0;
#pragma unroll
	for (int i = 0; i < P384_LIMBS; i++) {
		int bit = i * P384_RADIX, k = bit / 64;

		w[k] |= (__u64)from->limb[i] << (bit % 64);
		if (bit % 64 > 64 - P384_RADIX)
			w[k + 1] |= (__u64)from->limb[i] >> (64 - bit % 64);
	}
}

/* Sums and differences */

/* to = a + times * b, limb by limb */
INLINE void p384_add(struct p384_element *to, const struct p384_element *a, __s64 times,
		     const struct p384_element *b)
{
#pragma unroll
	for (int i = 0; i < P384_LIMBS; i++) {
		__s64 limb = a->limb[i] + times * b->limb[i];

		opaque(limb); /* one after the other: together they would be spilled */
		to->limb[i] = limb;
	}
}

/* The same, so that limbs are like those of a product. */
INLINE void p384_add_carry(struct p384_element *to, const struct p384_element *a, __s64 times,
			   const struct p384_element *b)
{
	__s64 carry = 0;

#pragma unroll
	for (int i = 0; i < P384_LIMBS - 1; i++) {
		__s64 limb = a->limb[i] + times * b->limb[i] + carry;

		to->limb[i] = limb & P384_LIMB_MASK;
		carry = limb >> P384_RADIX;
		opaque(carry);
	}
	to->limb[P384_LIMBS - 1] =
		a->limb[P384_LIMBS - 1] + times * b->limb[P384_LIMBS - 1] + carry;
}

/* a -= n where a >= n; a is from 0 to 2n - 1. */
INLINE void p384_subtract_n_once(struct p384_element *a, struct p384_element *difference)
{
	__s64 keep;

	p384_add_carry(difference, a, -1, &p384_n);
	keep = difference->limb[P384_LIMBS - 1] >> 63;
	opaque(keep);
#pragma unroll
	for (int i = 0; i < P384_LIMBS; i++)
		a->limb[i] = (a->limb[i] & keep) | (difference->limb[i] & ~keep);
}

/* Whether a is 0 modulo p. */
NO_INLINE int p384_is_zero(struct p384_element *scratch, struct p384_element *a)
{
	__u64 zero = 0, modulus = 0;

	if (!scratch || !a)
		return 0;
	p384_reduce(scratch, a);
#pragma unroll
	for (int i = 0; i < P384_LIMBS; i++) {
		zero |= scratch->limb[i];
		modulus |= scratch->limb[i] ^ p384_p.limb[i];
		opaque(modulus);
	}
	return !zero || !modulus;
}

/* Points */

/* sum += sum, which is not infinity (dbl-2001-b): the group has no point whose double is. */
NO_INLINE int p384_double(struct p384_work *work)
{
	struct p384_element *gamma, *delta, *alpha, *beta, *a, *b;
	struct p384_jacobian *sum;

	if (!work)
		return 1;
	sum = &work->sum;
	gamma = &work->x1;
	delta = &work->y1;
	alpha = &work->x2;
	beta = &work->y2;
	a = &work->a;
	b = &work->b;
	p384_square(delta, &sum->z);
	p384_square(gamma, &sum->y);
	p384_multiply(beta, &sum->x, gamma);
	p384_add(a, &sum->x, 1, delta);
	p384_add(a, a, 2, a);
	p384_add(b, &sum->x, -1, delta);
	p384_multiply(alpha, a, b); /* 3 (x + z^2) (x - z^2) */
	p384_add(a, &sum->y, 1, &sum->y);
	p384_multiply(&sum->z, a, &sum->z);
	p384_square(a, alpha);
	p384_add(beta, beta, 3, beta);
	p384_add_carry(&sum->x, a, -2, beta);
	p384_add(b, beta, -1, &sum->x);
	p384_multiply(b, b, alpha);
	p384_square(a, gamma);
	p384_add_carry(&sum->y, b, -8, a);
	return 0;
}

/* Both points over the same z: (x1, y1) of the sum and (x2, y2) of the point. */
INLINE void p384_align(struct p384_work *work, bool is_affine)
{
	struct p384_jacobian *sum = &work->sum, *point = &work->point;

	p384_square(&work->a, &sum->z);
	p384_multiply(&work->x2, &point->x, &work->a);
	p384_multiply(&work->a, &sum->z, &work->a);
	p384_multiply(&work->y2, &point->y, &work->a);
	if (is_affine) {
		work->x1 = sum->x;
		work->y1 = sum->y;
		work->z = sum->z;
		return;
	}
	p384_square(&work->a, &point->z);
	p384_multiply(&work->x1, &sum->x, &work->a);
	p384_multiply(&work->a, &point->z, &work->a);
	p384_multiply(&work->y1, &sum->y, &work->a);
	p384_multiply(&work->z, &sum->z, &point->z);
}

/* The sum of (x1, y1) and (x2, y2), of different x, over z (add-1998-cmo-2). */
INLINE void p384_chord(struct p384_work *work)
{
	struct p384_element *a = &work->a, *b = &work->b, *h = &work->h, *v = &work->x2;
	struct p384_jacobian *sum = &work->sum;

	p384_multiply(&sum->z, h, &work->z);
	p384_square(a, h);
	p384_multiply(b, h, a);
	p384_multiply(v, &work->x1, a);
	p384_square(a, &work->r);
	p384_add(a, a, -1, b);
	p384_add_carry(&sum->x, a, -2, v);
	p384_add(v, v, -1, &sum->x);
	p384_multiply(a, v, &work->r);
	p384_multiply(b, b, &work->y1);
	p384_add_carry(&sum->y, a, -1, b);
}

/* sum += point, whatever they are, but for a point that is infinity. */
INLINE void p384_add_point(struct p384_work *work, bool is_affine)
{
	if (work->is_zero) {
		work->sum = work->point;
		work->is_zero = 0;
		return;
	}
	p384_align(work, is_affine);
	p384_add(&work->h, &work->x2, -1, &work->x1);
	p384_add(&work->r, &work->y2, -1, &work->y1);
	if (!p384_is_zero(&work->a, &work->h))
		p384_chord(work);
	else if (p384_is_zero(&work->a, &work->r))
		p384_double(work);
	else
		work->is_zero = 1;
}

NO_INLINE int p384_add_jacobian(struct p384_work *work)
{
	if (!work)
		return 1;
	p384_add_point(work, false);
	return 0;
}

/* Of a point with z = 1. */
NO_INLINE int p384_add_affine(struct p384_work *work)
{
	if (!work)
		return 1;
	p384_add_point(work, true);
	return 0;
}

/* point.y = -point.y where negative is all ones. */
INLINE void p384_negate_point(struct p384_work *work, __s64 negative)
{
#pragma unroll
	for (int i = 0; i < P384_LIMBS; i++)
		work->point.y.limb[i] = (work->point.y.limb[i] ^ negative) - negative;
}

/* The multiples 1 to 16 of the affine point. */
NO_INLINE int p384_make_multiples(struct p384_work *work, const struct p384_affine *point)
{
	if (!work || !point)
		return 1;
	work->is_zero = 1;
	work->point.x = point->x;
	work->point.y = point->y;
	work->point.z = (struct p384_element){P384_ONE};
	for (int i = 0; i < P384_MULTIPLES; i++) {
		p384_add_affine(work);
		work->multiple[i] = work->sum;
	}
	return 0;
}

NO_INLINE int p384_add_of_key(struct p384_work *work, __s64 digit)
{
	__s64 sign = digit >> 63;

	if (!work || !digit)
		return 0;
	digit = (digit ^ sign) - sign;
	work->point = work->multiple[(digit - 1) & (P384_MULTIPLES - 1)];
	p384_negate_point(work, sign);
	p384_add_jacobian(work);
	return 0;
}

NO_INLINE int p384_add_of_generator(struct p384_work *work, __s64 digit)
{
	const struct p384_affine *multiple;
	__s64 sign = digit >> 63;

	if (!work || !digit)
		return 0;
	digit = (digit ^ sign) - sign;
	multiple = &p384_generator[(digit - 1) & (P384_MULTIPLES - 1)];
	work->point.x = multiple->x;
	work->point.y = multiple->y;
	work->point.z = (struct p384_element){P384_ONE};
	p384_negate_point(work, sign);
	p384_add_affine(work);
	return 0;
}

/* Scalars */

/* Digits of words, which are below n. */
NO_INLINE int p384_recode(struct p384_scalar *scalar)
{
	__u64 carry = 0;

	if (!scalar)
		return 1;
	scalar->words.word[P384_WORDS] = 0;
	for (__u32 i = 0; i < P384_WINDOWS; i++) {
		__u32 bit = i * P384_WINDOW;
		__u64 window = *(__u64 *)((__u8 *)scalar->words.word + (bit >> 3)) >> (bit & 7);

		window = (window & (2 * P384_MULTIPLES - 1)) + carry;
		carry = (window + P384_MULTIPLES - 1) >> P384_WINDOW;
		scalar->digit[i] = window - (carry << P384_WINDOW);
	}
	return 0;
}

/* inverse = R / s mod n, by Fermat: s^(n - 2). */
NO_INLINE int p384_invert_scalar(struct p384_work *work, struct p384_element *s)
{
	if (!work || !s)
		return 1;
	work->a = (struct p384_element){P384_N_R_SQUARED};
	p384_multiply_scalars(&work->power[1], s, &work->a);
	work->power[0] = (struct p384_element){P384_N_ONE};
	for (int i = 2; i < 16; i++)
		p384_multiply_scalars(&work->power[i], &work->power[i - 1], &work->power[1]);
	work->inverse = work->power[0];
	for (int i = P384_WORDS * 16 - 1; i >= 0; i--) {
		for (int k = 0; k < 4; k++)
			p384_multiply_scalars(&work->inverse, &work->inverse, &work->inverse);
		p384_multiply_scalars(&work->inverse, &work->inverse,
				      &work->power[p384_n_minus_2[i / 16] >> (i % 16 * 4) & 15]);
	}
	return 0;
}

/* scalar = words * inverse / R mod n */
INLINE void p384_scale(struct p384_work *work, struct p384_scalar *scalar)
{
	p384_unpack(&work->a, work->words.word);
	p384_multiply_scalars(&work->a, &work->a, &work->inverse);
	p384_subtract_n_once(&work->a, &work->b);
	p384_pack(scalar->words.word, &work->a);
	p384_recode(scalar);
}

/* ECDSA */

/* u1 = digest / s and u2 = r / s; r stays in words. */
NO_INLINE int p384_take_signature(struct p384_work *work, const struct p384_digest *digest,
				  const struct p384_signature *signature)
{
	if (!work || !digest || !signature)
		return P384_REJECTED;
	p384_read(&work->words, &signature->s);
	if (!p384_is_scalar(work->words.word))
		return P384_REJECTED;
	p384_unpack(&work->b, work->words.word);
	p384_invert_scalar(work, &work->b);
	if (p384_read_digest(&work->words, digest))
		return P384_REJECTED;
	p384_scale(work, &work->of_generator);
	p384_read(&work->words, &signature->r);
	if (!p384_is_scalar(work->words.word))
		return P384_REJECTED;
	p384_scale(work, &work->of_key);
	return P384_OK;
}

/* element = words in Montgomery form. Returns 0, or 1 if they are not below p. */
NO_INLINE int p384_take_coordinate(struct p384_work *work, struct p384_element *element,
				   const struct p384_number *number)
{
	if (!work || !element || !number)
		return 1;
	p384_read(&work->words, number);
	if (!p384_below(work->words.word, p384_p_words))
		return 1;
	p384_unpack(&work->a, work->words.word);
	work->b = (struct p384_element){P384_R_SQUARED};
	p384_multiply(element, &work->a, &work->b);
	return 0;
}

/* Checks y^2 = x^3 - 3x + b. */
NO_INLINE int p384_take_key(struct p384_work *work, const struct p384_xy *key)
{
	struct p384_element *x, *y, *a, *b;

	if (!work || !key)
		return P384_REJECTED;
	x = &work->x1;
	y = &work->y1;
	a = &work->a;
	b = &work->b;
	if (p384_take_coordinate(work, x, &key->x) || p384_take_coordinate(work, y, &key->y))
		return P384_REJECTED;
	p384_square(a, x);
	p384_multiply(a, a, x);
	p384_add(a, a, -3, x);
	*b = (struct p384_element){P384_B};
	p384_add(a, a, 1, b);
	p384_square(b, y);
	p384_add_carry(a, a, -1, b);
	return p384_is_zero(&work->r, a) ? P384_OK : P384_REJECTED;
}

/* sum = u1 * G + u2 * Q. Returns 0, or 1 for infinity. */
NO_INLINE int p384_multiply_both(struct p384_work *work)
{
	if (!work)
		return 1;
	work->is_zero = 1;
	for (__u32 n = 1; n <= P384_WINDOWS; n++) {
		__u32 i = P384_WINDOWS - n;

		opaque(i); /* 7.3 refuses pointers that count from the far end */
		for (int k = 0; k < P384_WINDOW; k++)
			if (!work->is_zero)
				p384_double(work);
		p384_add_of_key(work, work->of_key.digit[i]);
		p384_add_of_generator(work, work->of_generator.digit[i]);
	}
	return work->is_zero != 0;
}

/* Whether x / z^2 of the sum is the number a. */
INLINE bool p384_x_is(struct p384_work *work, struct p384_element *a)
{
	p384_square(&work->b, &work->sum.z);
	p384_multiply(a, a, &work->b);
	p384_reduce(&work->b, &work->sum.x);
	p384_add_carry(a, a, -1, &work->b);
	return p384_is_zero(&work->r, a);
}

/* Whether the sum's x, modulo n, is r: x is r or, if that is below p, r + n. */
NO_INLINE int p384_compare(struct p384_work *work)
{
	if (!work)
		return P384_REJECTED;
	p384_unpack(&work->a, work->words.word);
	if (p384_x_is(work, &work->a))
		return P384_OK;
	if (!p384_below(work->words.word, p384_p_minus_n))
		return P384_REJECTED;
	p384_unpack(&work->a, work->words.word);
	p384_add_carry(&work->a, &work->a, 1, &p384_n);
	return p384_x_is(work, &work->a) ? P384_OK : P384_REJECTED;
}

/*
 * Returns P384_OK or P384_REJECTED: also for a key that is not on the curve and a digest of another
 * length. Of a digest that is longer than n its leftmost bits count.
 */
NO_INLINE int p384_ecdsa_verify(struct p384_work *work, const struct p384_xy *key,
				const struct p384_digest *digest,
				const struct p384_signature *signature)
{
	if (!work || !key || !digest || !signature)
		return P384_REJECTED;
	if (p384_take_key(work, key))
		return P384_REJECTED;
	p384_make_multiples(work, (struct p384_affine *)&work->x1);
	if (p384_take_signature(work, digest, signature) || p384_multiply_both(work))
		return P384_REJECTED;
	return p384_compare(work);
}
