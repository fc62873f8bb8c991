/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Points of P-256: the one addition that has to be complete, since what it adds up belongs to
 * different points, one of which a stranger may have chosen; points on the wire.
 */
#pragma once

#include "p256_inverse.h"
#include "p256_tables.h"

/* Of one CPU, for one program at a time: 4.1 KiB of a per-CPU array that the program owns. */
struct p256_work {
	struct p256_multiple of_generator;
	struct p256_multiple of_key;
	struct p256_affine point;
	/* the result, and what additions keep for its y */
	struct p256_sum sum;
	struct p256_element p, r, s;
	struct p256_element left, right, test;
	struct p256_inverse inverse;
	struct p256_words words;
};

/*
 * sum = 2 * of_key.sum, which is not infinity (dbl-2008-s-1). The group has no point whose double
 * is. In functions of their own, the two steps of an addition need less stack than together.
 */
NO_INLINE int p256_join_double(struct p256_work *work)
{
	struct p256_sum *sum, *point;
	struct p256_element *u, *m, *s;

	if (!work)
		return 1;
	sum = &work->sum;
	point = &work->of_key.sum;
	u = &work->p;
	m = &work->r;
	s = &work->s;
	p256_subtract(u, &point->y, -1, &point->y);
	p256_square(&sum->zz, u);
	p256_multiply(&sum->zzz, u, &sum->zz);
	p256_multiply(s, &point->x, &sum->zz);
	p256_square(&work->left, &point->x);
	p256_square(&work->right, &point->zz);
	p256_subtract(m, &work->left, 1, &work->right);
	p256_subtract(m, m, -2, m);
	p256_square(&work->left, m);
	p256_subtract(&sum->x, &work->left, 2, s);
	p256_subtract(s, s, 1, &sum->x);
	p256_multiply(&work->left, m, s);
	p256_multiply(&work->right, &sum->zzz, &point->y);
	p256_subtract(&sum->y, &work->left, 1, &work->right);
	p256_multiply(&sum->zz, &sum->zz, &point->zz);
	p256_multiply(&sum->zzz, &sum->zzz, &point->zzz);
	return 0;
}

/* x and zz of the sum of both multiples (add-2008-s), if it is no doubling and not infinity. */
NO_INLINE int p256_join_x(struct p256_work *work)
{
	struct p256_sum *a, *b, *sum;
	struct p256_element *pp, *ppp, *q;

	if (!work)
		return 1;
	a = &work->of_generator.sum;
	b = &work->of_key.sum;
	sum = &work->sum;
	pp = &sum->pp;
	ppp = &sum->ppp;
	q = &sum->q;
	p256_multiply(&work->left, &a->x, &b->zz);
	p256_multiply(&work->right, &b->x, &a->zz);
	p256_subtract(&work->p, &work->right, 1, &work->left);
	p256_square(pp, &work->p);
	p256_multiply(ppp, &work->p, pp);
	p256_multiply(q, &work->left, pp);
	p256_multiply(&work->s, &a->y, &b->zzz);
	p256_multiply(&work->right, &b->y, &a->zzz);
	p256_subtract(&work->r, &work->right, 1, &work->s);
	p256_square(&work->left, &work->r);
	p256_subtract(&sum->x, &work->left, 1, ppp);
	p256_subtract(&sum->x, &sum->x, 2, q);
	p256_multiply(&sum->zz, &a->zz, &b->zz);
	p256_multiply(&sum->zz, &sum->zz, pp);
	return 0;
}

INLINE void p256_join_y(struct p256_work *work)
{
	struct p256_sum *a = &work->of_generator.sum, *b = &work->of_key.sum, *sum = &work->sum;
	struct p256_element *ppp = &sum->ppp, *q = &sum->q;

	p256_subtract(q, q, 1, &sum->x);
	p256_multiply(&work->left, &work->r, q);
	p256_multiply(&work->right, &work->s, ppp);
	p256_subtract(&sum->y, &work->left, 1, &work->right);
	p256_multiply(&sum->zzz, &a->zzz, &b->zzz);
	p256_multiply(&sum->zzz, &sum->zzz, ppp);
}

INLINE bool p256_element_is_zero(struct p256_work *work, const struct p256_element *a)
{
	work->test = *a;
	return p256_is_zero(&work->test);
}

/* The sum where p256_join_x() found zz = 0. Returns 0, or 1 for infinity. */
NO_INLINE int p256_join_exception(struct p256_work *work)
{
	if (!work)
		return 1;
	if (p256_element_is_zero(work, &work->of_generator.sum.zz)) {
		work->sum = work->of_key.sum;
		return p256_element_is_zero(work, &work->sum.zz);
	}
	if (p256_element_is_zero(work, &work->of_key.sum.zz)) {
		work->sum = work->of_generator.sum;
		return 0;
	}
	/* x is the same: it is a doubling if y is, too. */
	if (!p256_element_is_zero(work, &work->r))
		return 1;
	return p256_join_double(work);
}

/* x and zz of sum = of_generator.sum + of_key.sum. Returns 0, or 1 for infinity. */
NO_INLINE int p256_join_for_x(struct p256_work *work)
{
	if (!work)
		return 1;
	p256_join_x(work);
	return p256_element_is_zero(work, &work->sum.zz) ? p256_join_exception(work) : 0;
}

/* The same, all of it. */
NO_INLINE int p256_join(struct p256_work *work)
{
	if (!work)
		return 1;
	p256_join_x(work);
	if (p256_element_is_zero(work, &work->sum.zz))
		return p256_join_exception(work);
	p256_join_y(work);
	return 0;
}

/* Whether numerator / denominator is the number in work->words, which is below p. */
INLINE bool p256_quotient_is(struct p256_work *work, struct p256_element *numerator,
			     struct p256_element *denominator)
{
	p256_unpack(&work->left, work->words.word);
	p256_multiply(&work->left, &work->left, denominator);
	p256_reduce(&work->right, numerator);
	p256_subtract(&work->test, &work->left, 1, &work->right);
	return p256_is_zero(&work->test);
}
