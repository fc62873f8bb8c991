/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What p256.h does, for keys that are seen for the first time: no table but the generator's. The
 * key's multiple takes 256 doublings and some 43 additions of odd multiples, which are computed on
 * the way.
 */
#pragma once

#include "p256.h"
#include "p256_jacobian.h"

/* Digits of the scalar are odd numbers from -15 to 15, five bits wide: one in six is not 0. */
#define P256_ODD_MULTIPLES 8
#define P256_DIGITS	   256

/* Of one CPU, for one program at a time: 7.4 KiB of a per-CPU array that the program owns. */
struct p256_generic_work {
	struct p256_work common;
	/* the key, by p256_load_...() of p256_decode.h */
	struct p256_affine key;
	/* 1, 3, 5 to 15 times the key */
	struct p256_affine odd[P256_ODD_MULTIPLES];
	struct p256_element z[P256_ODD_MULTIPLES];
	struct p256_element product[P256_ODD_MULTIPLES];
	struct p256_jacobian multiple;
	__u64 started;
	__s8 digit[P256_DIGITS];
};

/* point = (x f^2, y f^3). Uses f up. */
INLINE void p256_stretch(struct p256_affine *point, struct p256_element *f,
			 struct p256_element *square)
{
	p256_square(square, f);
	p256_multiply(&point->x, &point->x, square);
	p256_multiply(square, square, f);
	p256_multiply(&point->y, &point->y, square);
}

/*
 * The odd multiples with denominators: each is the one before plus 2 * key, whose z is z2. Where x
 * counts in units of z2^2 and y of z2^3, 2 * key is affine without an inversion, and additions are
 * the same, since they do not depend on the curve's a and b.
 */
NO_INLINE int p256_odd_multiples(struct p256_generic_work *work)
{
	struct p256_affine *step;

	if (!work)
		return 1;
	step = &work->common.point;
	p256_start_jacobian(&work->multiple, &work->key);
	p256_double(&work->multiple);
	step->x = work->multiple.sum.x;
	step->y = work->multiple.sum.y;
	work->z[0] = work->multiple.z;
	work->odd[0] = work->key;
	p256_stretch(&work->odd[0], &work->z[0], &work->common.left);
	p256_start_jacobian(&work->multiple, &work->odd[0]);
	work->odd[0] = work->key;
	for (int i = 1; i < P256_ODD_MULTIPLES; i++) {
		p256_add_jacobian(&work->multiple, step);
		work->odd[i].x = work->multiple.sum.x;
		work->odd[i].y = work->multiple.sum.y;
		p256_multiply(&work->z[i], &work->multiple.z, &work->z[0]);
	}
	return 0;
}

/* Makes them affine by Montgomery's trick: one inversion for all. */
NO_INLINE int p256_normalize_odd(struct p256_generic_work *work)
{
	struct p256_element *inverse, *one;

	if (!work)
		return 1;
	inverse = &work->common.p;
	one = &work->common.r;
	work->product[1] = work->z[1];
	for (int i = 2; i < P256_ODD_MULTIPLES; i++)
		p256_multiply(&work->product[i], &work->product[i - 1], &work->z[i]);
	p256_invert_element(&work->common.inverse, inverse, &work->product[P256_ODD_MULTIPLES - 1]);
	for (int i = P256_ODD_MULTIPLES - 1; i > 1; i--) {
		p256_multiply(one, inverse, &work->product[i - 1]);
		p256_multiply(inverse, inverse, &work->z[i]);
		p256_stretch(&work->odd[i], one, &work->common.left);
	}
	p256_stretch(&work->odd[1], inverse, &work->common.left);
	return 0;
}

/*
 * The digits of the scalar, lowest first: it is the sum of digit[i] * 2^i. Without branches, for
 * each would be a path for the verifier: busy has a bit for each digit that has to be 0.
 */
NO_INLINE int p256_recode(struct p256_generic_work *work)
{
	const __u8 *magnitude;
	__u64 carry = 0, busy = 0;

	if (!work)
		return 1;
	magnitude = (const __u8 *)work->common.of_key.magnitude;
	for (__u32 i = 0; i < P256_DIGITS; i++) {
		__u64 window = *(const __u64 *)(magnitude + (i >> 3)) >> (i & 7) & 31;
		__u64 taken = -((window ^ carry) & ~busy & 1), high;

		opaque(taken);
		window += carry;
		high = (window >> 4) & 1;
		work->digit[i] = (window - (high << 5)) & taken;
		carry = (high & taken) | (carry & ~taken);
		busy = (busy >> 1) | (15 & taken);
	}
	return 0;
}

INLINE void p256_take_odd(struct p256_affine *to, const struct p256_affine *from, __s64 negative)
{
	to->x = from->x;
#pragma unroll
	for (int i = 0; i < P256_LIMBS; i++)
		to->y.limb[i] = (from->y.limb[i] ^ negative) - negative;
}

/* sum += digit * key; the first digit starts it. A function of its own: a loop's paths stay short.
 */
NO_INLINE int p256_add_digit(struct p256_generic_work *work, __s32 digit)
{
	struct p256_affine *point;
	__s64 sign = digit >> 31;

	if (!work)
		return 1;
	point = &work->common.point;
	digit = (digit ^ sign) - sign;
	p256_take_odd(point, &work->odd[(digit >> 1) & (P256_ODD_MULTIPLES - 1)],
		      sign ^ (__s64)work->common.of_key.negative);
	if (work->started)
		p256_add_jacobian(&work->multiple, point);
	else
		p256_start_jacobian(&work->multiple, point);
	work->started = 1;
	return 0;
}

/* sum = magnitude * key, or its opposite. */
NO_INLINE int p256_double_and_add(struct p256_generic_work *work)
{
	if (!work)
		return 1;
	__builtin_memset(&work->multiple, 0, sizeof(work->multiple));
	work->started = 0;
	for (int i = P256_DIGITS - 1; i >= 0; i--) {
		__s32 digit = work->digit[i];

		p256_double(&work->multiple);
		if (digit)
			p256_add_digit(work, digit);
	}
	return 0;
}

/* The generator's multiple from its table, the key's without one. Returns 0, or 1 if there is no
 * table. */
NO_INLINE int p256_multiply_generic(struct p256_generic_work *work)
{
	if (!work)
		return 1;
	p256_odd_multiples(work);
	p256_normalize_odd(work);
	p256_recode(work);
	p256_double_and_add(work);
	p256_set_denominators(&work->multiple);
	work->common.of_key.sum = work->multiple.sum;
	return p256_gather(&work->common.of_generator, 0, p256_widths.generator) ||
	       p256_add_up(&work->common.of_generator, &work->common.point);
}

/* p256_ecdsa_verify() with the key that was loaded. */
NO_INLINE int p256_generic_verify(struct p256_generic_work *work, const struct p256_digest *digest,
				  const struct p256_signature *signature, __u32 flags)
{
	if (!work || !digest || !signature)
		return P256_REJECTED;
	if (p256_ecdsa_scalars(&work->common, digest, signature, flags))
		return P256_REJECTED;
	if (p256_multiply_generic(work))
		return P256_NO_KEY;
	if (p256_join_for_x(&work->common))
		return P256_REJECTED;
	return p256_ecdsa_compare(&work->common);
}

/* p256_sum_check() with the key that was loaded. */
NO_INLINE int p256_generic_sum_check(struct p256_generic_work *work,
				     const struct p256_scalars *scalars,
				     const struct p256_xy *point, __u32 flags)
{
	if (!work || !scalars || !point)
		return P256_REJECTED;
	if (p256_take_scalars(&work->common, scalars, flags))
		return P256_REJECTED;
	if (p256_multiply_generic(work))
		return P256_NO_KEY;
	if (p256_join(&work->common))
		return P256_REJECTED;
	return p256_sum_compare(&work->common, point);
}

/* p256_sum_affine() with the key that was loaded. */
NO_INLINE int p256_generic_sum_affine(struct p256_generic_work *work,
				      const struct p256_scalars *scalars, struct p256_xy *point,
				      __u32 flags)
{
	if (!work || !scalars || !point)
		return P256_REJECTED;
	if (p256_take_scalars(&work->common, scalars, flags))
		return P256_REJECTED;
	if (p256_multiply_generic(work))
		return P256_NO_KEY;
	if (p256_join(&work->common))
		return P256_REJECTED;
	return p256_sum_write(&work->common, point);
}
