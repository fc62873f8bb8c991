/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sums of points that are doubled many times: Jacobian coordinates, where a doubling costs less.
 * They use the pieces of other additions, so that the processor's cache holds all of it.
 */
#pragma once

#include "p256_tables.h"

/* The affine point (x / z^2, y / z^3); infinity when z = 0. zz and zzz are computed when needed. */
struct p256_jacobian {
	struct p256_sum sum;
	struct p256_element z;
};

INLINE void p256_start_jacobian(struct p256_jacobian *j, const struct p256_affine *point)
{
	j->sum.x = point->x;
	j->sum.y = point->y;
	j->z = (struct p256_element){P256_ONE};
}

/* a = 3a / 2 mod p: where 3a is odd, 3a + p is even. */
INLINE void p256_three_halves(struct p256_element *a)
{
	const struct p256_element p = {P256_P_LIMBS};
	__s64 odd = -(a->limb[0] & 1);

	opaque(odd);
#pragma unroll
	for (int i = 0; i < P256_LIMBS; i++)
		a->limb[i] = 3 * a->limb[i] + (p.limb[i] & odd);
	p256_carry(a);
#pragma unroll
	for (int i = 0; i < P256_LIMBS - 1; i++)
		a->limb[i] = (a->limb[i] >> 1) | ((a->limb[i + 1] & 1) << (P256_RADIX - 1));
	a->limb[P256_LIMBS - 1] >>= 1;
}

/* sum = a + b and difference = a - b, limb by limb: both may be factors, but of each other only. */
INLINE void p256_add_and_subtract(struct p256_element *sum, struct p256_element *difference,
				  const struct p256_element *a, const struct p256_element *b)
{
#pragma unroll
	for (int i = 0; i < P256_LIMBS; i++) {
		sum->limb[i] = a->limb[i] + b->limb[i];
		difference->limb[i] = a->limb[i] - b->limb[i];
	}
}

/*
 * The point becomes its double: with z' = y z, m = 3 (x^2 - z^4) / 2 and s = x y^2,
 *   x' = m^2 - 2s, y' = m (s - x') - y^4.
 * Infinity stays infinity.
 */
NO_INLINE int p256_double(struct p256_jacobian *j)
{
	struct p256_sum *sum;

	if (!j)
		return 1;
	sum = &j->sum;
	p256_square(&sum->zz, &j->z);
	p256_add_and_subtract(&sum->pp, &sum->p, &sum->x, &sum->zz);
	p256_multiply(&sum->r, &sum->pp, &sum->p);
	p256_three_halves(&sum->r);
	p256_multiply(&j->z, &j->z, &sum->y);
	p256_square(&sum->y, &sum->y);
	p256_multiply(&sum->q, &sum->x, &sum->y);
	__builtin_memset(&sum->ppp, 0, sizeof(sum->ppp));
	p256_add_x(sum);
	sum->ppp = sum->y;
	p256_add_y(sum);
	return 0;
}

/* The sum's affine point becomes (x / zz, y / zzz) for what adds up and compares sums. */
INLINE void p256_set_denominators(struct p256_jacobian *j)
{
	p256_square(&j->sum.zz, &j->z);
	p256_multiply(&j->sum.zzz, &j->z, &j->sum.zz);
}

/* j += point, which is neither j nor its negative, nor is j infinity. */
NO_INLINE int p256_add_jacobian(struct p256_jacobian *j, struct p256_affine *point)
{
	if (!j || !point)
		return 1;
	p256_set_denominators(j);
	p256_take_differences(&j->sum, point);
	p256_add_differences(&j->sum);
	p256_multiply(&j->z, &j->z, &j->sum.p);
	return 0;
}
