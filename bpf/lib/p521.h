/* SPDX-License-Identifier: GPL-2.0-only */
/* Generated from p384.h by scripts/field. Do not edit. */
/*
 * ECDSA on P-521 (FIPS 186-5) with any key, without tables of the controller's. Variable time:
 * public data only. Minimum kernel: 5.12; tested from 6.1 on.
 *
 * Numbers have signed limbs of 28 bits. What multiplications write has limbs from 0 to 2^28 - 1,
 * but for the highest, which has the sign; sums and differences are left without a carry where what
 * they are multiplied with allows it (scripts/field/wide.mjs: SLACK), else _carry says so.
 * Coordinates are in Montgomery form.
 */
#pragma once

#include <linux/errno.h>
#include "p521_field.gen.h"

#define P521_OK	      0
#define P521_REJECTED (-EKEYREJECTED)

#define P521_RADIX     28
#define P521_LIMB_MASK ((1 << P521_RADIX) - 1)

/* Scalars are cut into windows; digits are from -16 to 16. */
#define P521_WINDOW    5
#define P521_MULTIPLES (1 << (P521_WINDOW - 1))
#define P521_WINDOWS   ((P521_BITS + P521_WINDOW) / P521_WINDOW)

/* Lowest word first; a word above, always 0, is read along with the highest. */
struct p521_words {
	__u64 word[P521_WORDS + 1];
};

struct p521_affine {
	struct p521_element x, y;
};

/* The affine point (x / z^2, y / z^3). */
struct p521_jacobian {
	struct p521_element x, y, z;
};

/* On the wire: numbers with their highest byte first. */
struct p521_number {
	__u8 bytes[P521_BYTES];
};

struct p521_signature {
	struct p521_number r, s;
};

struct p521_xy {
	struct p521_number x, y;
};

/* A digest of 32, 48 or 64 bytes. */
struct p521_digest {
	__u8 bytes[64];
	__u32 length;
};

struct p521_scalar {
	struct p521_words words;
	__s8 digit[P521_WINDOWS];
};

/* Of one CPU, for one program at a time: a value of a per-CPU array that the program owns. */
struct p521_work {
	struct p521_scalar of_generator, of_key;
	struct p521_jacobian sum;
	/* sum is infinity */
	__u64 is_zero;
	/* what is added to it */
	struct p521_jacobian point;
	struct p521_element x1, y1, x2, y2, z;
	struct p521_element a, b, h, r;
	struct p521_element inverse;
	struct p521_words words;
	struct p521_jacobian multiple[P521_MULTIPLES];
	struct p521_element power[16];
};

/* Read from memory: on the stack they would take too much of its 512 bytes. */
static const struct p521_element p521_p = {P521_P_LIMBS}, p521_n = {P521_N_LIMBS};
static const __u64 p521_p_words[] = P521_P_WORDS, p521_n_words[] = P521_N_WORDS;
static const __u64 p521_p_minus_n[] = P521_P_MINUS_N_WORDS;
static const __u64 p521_n_minus_2[] = P521_N_MINUS_2_WORDS;
static const struct p521_affine p521_generator[P521_MULTIPLES] = P521_GENERATOR;

/* Words and bytes */

INLINE __u64 p521_subtract_word(__u64 a, __u64 b, __u64 *borrow)
{
	__u64 difference = a - b - *borrow;

	*borrow = ((~a & b) | (~(a ^ b) & difference)) >> 63;
	return difference;
}

INLINE bool p521_below(const __u64 *a, const __u64 *b)
{
	__u64 borrow = 0;

#pragma unroll
	for (int i = 0; i < P521_WORDS; i++) {
		p521_subtract_word(a[i], b[i], &borrow);
		opaque(borrow);
	}
	return borrow;
}

INLINE bool p521_is_scalar(const __u64 *words)
{
	__u64 any = 0;

#pragma unroll
	for (int i = 0; i < P521_WORDS; i++)
		any |= words[i];
	return any && p521_below(words, p521_n_words);
}

INLINE void p521_read(struct p521_words *to, const struct p521_number *number)
{
	const __u8 *bytes = number->bytes;

#pragma unroll
	for (int i = 0; i < P521_BYTES / 8; i++)
		to->word[i] = __builtin_bswap64(*(const __u64 *)(bytes + P521_BYTES - 8 - 8 * i));
	if (P521_BYTES % 8) /* of P-521: two bytes more */
		to->word[P521_BYTES / 8] = bytes[0] << 8 | bytes[1];
	to->word[P521_WORDS] = 0;
}

/*
 * The leftmost bits of the digest as a number: all of a shorter one. Returns 0, or 1 for another
 * length.
 */
INLINE int p521_read_digest(struct p521_words *to, const struct p521_digest *digest)
{
	__u64 length = digest->length;

	if (length != 32 && length != 48 && length != 64)
		return 1;
	if (length > P521_BYTES)
		length = P521_BYTES;
#pragma unroll
	for (__u64 i = 0; i < P521_WORDS; i++) {
		__u64 at = (length - 8 - 8 * i) & 56;

		to->word[i] = 0;
		if (8 * i < length)
			to->word[i] = __builtin_bswap64(*(const __u64 *)(digest->bytes + at));
	}
	to->word[P521_WORDS] = 0;
	return 0;
}

INLINE void p521_unpack(struct p521_element *to, const __u64 *w)
{
#pragma unroll
	for (int i = 0; i < P521_LIMBS; i++) {
		int bit = i * P521_RADIX, k = bit / 64;
		__u64 limb = w[k] >> (bit % 64);

		if (bit % 64 > 64 - P521_RADIX)
			limb |= w[k + 1] << (64 - bit % 64);
		to->limb[i] = limb & P521_LIMB_MASK;
	}
}

/* Of a number from 0 to below 2^P521_BITS. */
INLINE void p521_pack(__u64 *w, const struct p521_element *from)
{
#pragma unroll
	for (int k = 0; k < P521_WORDS + 1; k++)
		w[k] = 0;
#pragma unroll
	for (int i = 0; i < P521_LIMBS; i++) {
		int bit = i * P521_RADIX, k = bit / 64;

		w[k] |= (__u64)from->limb[i] << (bit % 64);
		if (bit % 64 > 64 - P521_RADIX)
			w[k + 1] |= (__u64)from->limb[i] >> (64 - bit % 64);
	}
}

/* Sums and differences */

/* to = a + times * b, limb by limb */
INLINE void p521_add(struct p521_element *to, const struct p521_element *a, __s64 times,
		     const struct p521_element *b)
{
#pragma unroll
	for (int i = 0; i < P521_LIMBS; i++) {
		__s64 limb = a->limb[i] + times * b->limb[i];

		opaque(limb); /* one after the other: together they would be spilled */
		to->limb[i] = limb;
	}
}

/* The same, so that limbs are like those of a product. */
INLINE void p521_add_carry(struct p521_element *to, const struct p521_element *a, __s64 times,
			   const struct p521_element *b)
{
	__s64 carry = 0;

#pragma unroll
	for (int i = 0; i < P521_LIMBS - 1; i++) {
		__s64 limb = a->limb[i] + times * b->limb[i] + carry;

		to->limb[i] = limb & P521_LIMB_MASK;
		carry = limb >> P521_RADIX;
		opaque(carry);
	}
	to->limb[P521_LIMBS - 1] =
		a->limb[P521_LIMBS - 1] + times * b->limb[P521_LIMBS - 1] + carry;
}

/* a -= n where a >= n; a is from 0 to 2n - 1. */
INLINE void p521_subtract_n_once(struct p521_element *a, struct p521_element *difference)
{
	__s64 keep;

	p521_add_carry(difference, a, -1, &p521_n);
	keep = difference->limb[P521_LIMBS - 1] >> 63;
	opaque(keep);
#pragma unroll
	for (int i = 0; i < P521_LIMBS; i++)
		a->limb[i] = (a->limb[i] & keep) | (difference->limb[i] & ~keep);
}

/* Whether a is 0 modulo p. */
NO_INLINE int p521_is_zero(struct p521_element *scratch, struct p521_element *a)
{
	__u64 zero = 0, modulus = 0;

	if (!scratch || !a)
		return 0;
	p521_reduce(scratch, a);
#pragma unroll
	for (int i = 0; i < P521_LIMBS; i++) {
		zero |= scratch->limb[i];
		modulus |= scratch->limb[i] ^ p521_p.limb[i];
		opaque(modulus);
	}
	return !zero || !modulus;
}

/* Points */

/* sum += sum, which is not infinity (dbl-2001-b): the group has no point whose double is. */
NO_INLINE int p521_double(struct p521_work *work)
{
	struct p521_element *gamma, *delta, *alpha, *beta, *a, *b;
	struct p521_jacobian *sum;

	if (!work)
		return 1;
	sum = &work->sum;
	gamma = &work->x1;
	delta = &work->y1;
	alpha = &work->x2;
	beta = &work->y2;
	a = &work->a;
	b = &work->b;
	p521_square(delta, &sum->z);
	p521_square(gamma, &sum->y);
	p521_multiply(beta, &sum->x, gamma);
	p521_add(a, &sum->x, 1, delta);
	p521_add(a, a, 2, a);
	p521_add(b, &sum->x, -1, delta);
	p521_multiply(alpha, a, b); /* 3 (x + z^2) (x - z^2) */
	p521_add(a, &sum->y, 1, &sum->y);
	p521_multiply(&sum->z, a, &sum->z);
	p521_square(a, alpha);
	p521_add(beta, beta, 3, beta);
	p521_add_carry(&sum->x, a, -2, beta);
	p521_add(b, beta, -1, &sum->x);
	p521_multiply(b, b, alpha);
	p521_square(a, gamma);
	p521_add_carry(&sum->y, b, -8, a);
	return 0;
}

/* Both points over the same z: (x1, y1) of the sum and (x2, y2) of the point. */
INLINE void p521_align(struct p521_work *work, bool is_affine)
{
	struct p521_jacobian *sum = &work->sum, *point = &work->point;

	p521_square(&work->a, &sum->z);
	p521_multiply(&work->x2, &point->x, &work->a);
	p521_multiply(&work->a, &sum->z, &work->a);
	p521_multiply(&work->y2, &point->y, &work->a);
	if (is_affine) {
		work->x1 = sum->x;
		work->y1 = sum->y;
		work->z = sum->z;
		return;
	}
	p521_square(&work->a, &point->z);
	p521_multiply(&work->x1, &sum->x, &work->a);
	p521_multiply(&work->a, &point->z, &work->a);
	p521_multiply(&work->y1, &sum->y, &work->a);
	p521_multiply(&work->z, &sum->z, &point->z);
}

/* The sum of (x1, y1) and (x2, y2), of different x, over z (add-1998-cmo-2). */
INLINE void p521_chord(struct p521_work *work)
{
	struct p521_element *a = &work->a, *b = &work->b, *h = &work->h, *v = &work->x2;
	struct p521_jacobian *sum = &work->sum;

	p521_multiply(&sum->z, h, &work->z);
	p521_square(a, h);
	p521_multiply(b, h, a);
	p521_multiply(v, &work->x1, a);
	p521_square(a, &work->r);
	p521_add(a, a, -1, b);
	p521_add_carry(&sum->x, a, -2, v);
	p521_add(v, v, -1, &sum->x);
	p521_multiply(a, v, &work->r);
	p521_multiply(b, b, &work->y1);
	p521_add_carry(&sum->y, a, -1, b);
}

/* sum += point, whatever they are, but for a point that is infinity. */
INLINE void p521_add_point(struct p521_work *work, bool is_affine)
{
	if (work->is_zero) {
		work->sum = work->point;
		work->is_zero = 0;
		return;
	}
	p521_align(work, is_affine);
	p521_add(&work->h, &work->x2, -1, &work->x1);
	p521_add(&work->r, &work->y2, -1, &work->y1);
	if (!p521_is_zero(&work->a, &work->h))
		p521_chord(work);
	else if (p521_is_zero(&work->a, &work->r))
		p521_double(work);
	else
		work->is_zero = 1;
}

NO_INLINE int p521_add_jacobian(struct p521_work *work)
{
	if (!work)
		return 1;
	p521_add_point(work, false);
	return 0;
}

/* Of a point with z = 1. */
NO_INLINE int p521_add_affine(struct p521_work *work)
{
	if (!work)
		return 1;
	p521_add_point(work, true);
	return 0;
}

/* point.y = -point.y where negative is all ones. */
INLINE void p521_negate_point(struct p521_work *work, __s64 negative)
{
#pragma unroll
	for (int i = 0; i < P521_LIMBS; i++)
		work->point.y.limb[i] = (work->point.y.limb[i] ^ negative) - negative;
}

/* The multiples 1 to 16 of the affine point. */
NO_INLINE int p521_make_multiples(struct p521_work *work, const struct p521_affine *point)
{
	if (!work || !point)
		return 1;
	work->is_zero = 1;
	work->point.x = point->x;
	work->point.y = point->y;
	work->point.z = (struct p521_element){P521_ONE};
	for (int i = 0; i < P521_MULTIPLES; i++) {
		p521_add_affine(work);
		work->multiple[i] = work->sum;
	}
	return 0;
}

NO_INLINE int p521_add_of_key(struct p521_work *work, __s64 digit)
{
	__s64 sign = digit >> 63;

	if (!work || !digit)
		return 0;
	digit = (digit ^ sign) - sign;
	work->point = work->multiple[(digit - 1) & (P521_MULTIPLES - 1)];
	p521_negate_point(work, sign);
	p521_add_jacobian(work);
	return 0;
}

NO_INLINE int p521_add_of_generator(struct p521_work *work, __s64 digit)
{
	const struct p521_affine *multiple;
	__s64 sign = digit >> 63;

	if (!work || !digit)
		return 0;
	digit = (digit ^ sign) - sign;
	multiple = &p521_generator[(digit - 1) & (P521_MULTIPLES - 1)];
	work->point.x = multiple->x;
	work->point.y = multiple->y;
	work->point.z = (struct p521_element){P521_ONE};
	p521_negate_point(work, sign);
	p521_add_affine(work);
	return 0;
}

/* Scalars */

/* Digits of words, which are below n. */
NO_INLINE int p521_recode(struct p521_scalar *scalar)
{
	__u64 carry = 0;

	if (!scalar)
		return 1;
	scalar->words.word[P521_WORDS] = 0;
	for (__u32 i = 0; i < P521_WINDOWS; i++) {
		__u32 bit = i * P521_WINDOW;
		__u64 window = *(__u64 *)((__u8 *)scalar->words.word + (bit >> 3)) >> (bit & 7);

		window = (window & (2 * P521_MULTIPLES - 1)) + carry;
		carry = (window + P521_MULTIPLES - 1) >> P521_WINDOW;
		scalar->digit[i] = window - (carry << P521_WINDOW);
	}
	return 0;
}

/* inverse = R / s mod n, by Fermat: s^(n - 2). */
NO_INLINE int p521_invert_scalar(struct p521_work *work, struct p521_element *s)
{
	if (!work || !s)
		return 1;
	work->a = (struct p521_element){P521_N_R_SQUARED};
	p521_multiply_scalars(&work->power[1], s, &work->a);
	work->power[0] = (struct p521_element){P521_N_ONE};
	for (int i = 2; i < 16; i++)
		p521_multiply_scalars(&work->power[i], &work->power[i - 1], &work->power[1]);
	work->inverse = work->power[0];
	for (int i = P521_WORDS * 16 - 1; i >= 0; i--) {
		for (int k = 0; k < 4; k++)
			p521_multiply_scalars(&work->inverse, &work->inverse, &work->inverse);
		p521_multiply_scalars(&work->inverse, &work->inverse,
				      &work->power[p521_n_minus_2[i / 16] >> (i % 16 * 4) & 15]);
	}
	return 0;
}

/* scalar = words * inverse / R mod n */
INLINE void p521_scale(struct p521_work *work, struct p521_scalar *scalar)
{
	p521_unpack(&work->a, work->words.word);
	p521_multiply_scalars(&work->a, &work->a, &work->inverse);
	p521_subtract_n_once(&work->a, &work->b);
	p521_pack(scalar->words.word, &work->a);
	p521_recode(scalar);
}

/* ECDSA */

/* u1 = digest / s and u2 = r / s; r stays in words. */
NO_INLINE int p521_take_signature(struct p521_work *work, const struct p521_digest *digest,
				  const struct p521_signature *signature)
{
	if (!work || !digest || !signature)
		return P521_REJECTED;
	p521_read(&work->words, &signature->s);
	if (!p521_is_scalar(work->words.word))
		return P521_REJECTED;
	p521_unpack(&work->b, work->words.word);
	p521_invert_scalar(work, &work->b);
	if (p521_read_digest(&work->words, digest))
		return P521_REJECTED;
	p521_scale(work, &work->of_generator);
	p521_read(&work->words, &signature->r);
	if (!p521_is_scalar(work->words.word))
		return P521_REJECTED;
	p521_scale(work, &work->of_key);
	return P521_OK;
}

/* element = words in Montgomery form. Returns 0, or 1 if they are not below p. */
NO_INLINE int p521_take_coordinate(struct p521_work *work, struct p521_element *element,
				   const struct p521_number *number)
{
	if (!work || !element || !number)
		return 1;
	p521_read(&work->words, number);
	if (!p521_below(work->words.word, p521_p_words))
		return 1;
	p521_unpack(&work->a, work->words.word);
	work->b = (struct p521_element){P521_R_SQUARED};
	p521_multiply(element, &work->a, &work->b);
	return 0;
}

/* Checks y^2 = x^3 - 3x + b. */
NO_INLINE int p521_take_key(struct p521_work *work, const struct p521_xy *key)
{
	struct p521_element *x, *y, *a, *b;

	if (!work || !key)
		return P521_REJECTED;
	x = &work->x1;
	y = &work->y1;
	a = &work->a;
	b = &work->b;
	if (p521_take_coordinate(work, x, &key->x) || p521_take_coordinate(work, y, &key->y))
		return P521_REJECTED;
	p521_square(a, x);
	p521_multiply(a, a, x);
	p521_add(a, a, -3, x);
	*b = (struct p521_element){P521_B};
	p521_add(a, a, 1, b);
	p521_square(b, y);
	p521_add_carry(a, a, -1, b);
	return p521_is_zero(&work->r, a) ? P521_OK : P521_REJECTED;
}

/* sum = u1 * G + u2 * Q. Returns 0, or 1 for infinity. */
NO_INLINE int p521_multiply_both(struct p521_work *work)
{
	if (!work)
		return 1;
	work->is_zero = 1;
	for (__u32 n = 1; n <= P521_WINDOWS; n++) {
		__u32 i = P521_WINDOWS - n;

		opaque(i); /* 7.3 refuses pointers that count from the far end */
		for (int k = 0; k < P521_WINDOW; k++)
			if (!work->is_zero)
				p521_double(work);
		p521_add_of_key(work, work->of_key.digit[i]);
		p521_add_of_generator(work, work->of_generator.digit[i]);
	}
	return work->is_zero != 0;
}

/* Whether x / z^2 of the sum is the number a. */
INLINE bool p521_x_is(struct p521_work *work, struct p521_element *a)
{
	p521_square(&work->b, &work->sum.z);
	p521_multiply(a, a, &work->b);
	p521_reduce(&work->b, &work->sum.x);
	p521_add_carry(a, a, -1, &work->b);
	return p521_is_zero(&work->r, a);
}

/* Whether the sum's x, modulo n, is r: x is r or, if that is below p, r + n. */
NO_INLINE int p521_compare(struct p521_work *work)
{
	if (!work)
		return P521_REJECTED;
	p521_unpack(&work->a, work->words.word);
	if (p521_x_is(work, &work->a))
		return P521_OK;
	if (!p521_below(work->words.word, p521_p_minus_n))
		return P521_REJECTED;
	p521_unpack(&work->a, work->words.word);
	p521_add_carry(&work->a, &work->a, 1, &p521_n);
	return p521_x_is(work, &work->a) ? P521_OK : P521_REJECTED;
}

/*
 * Returns P521_OK or P521_REJECTED: also for a key that is not on the curve and a digest of another
 * length. Of a digest that is longer than n its leftmost bits count.
 */
NO_INLINE int p521_ecdsa_verify(struct p521_work *work, const struct p521_xy *key,
				const struct p521_digest *digest,
				const struct p521_signature *signature)
{
	if (!work || !key || !digest || !signature)
		return P521_REJECTED;
	if (p521_take_key(work, key))
		return P521_REJECTED;
	p521_make_multiples(work, (struct p521_affine *)&work->x1);
	if (p521_take_signature(work, digest, signature) || p521_multiply_both(work))
		return P521_REJECTED;
	return p521_compare(work);
}
