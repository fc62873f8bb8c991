/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Public keys from the wire (SEC 1, 2.3.4) into p256_generic_work's key. What is not on the curve,
 * or has a coordinate that is not below p, is rejected; infinity has no such form.
 */
#pragma once

#include "p256_generic.h"

#define P256_UNCOMPRESSED 4
#define P256_EVEN	  2
#define P256_ODD	  3

struct p256_uncompressed {
	__u8 form;
	struct p256_xy point;
};

struct p256_compressed {
	__u8 form;
	__u8 x[32];
};

/* a in Montgomery form, from 32 bytes. Returns 0, or 1 if the number is not below p. */
INLINE int p256_read_element(struct p256_element *a, const __u8 *bytes)
{
	const __u64 p[4] = P256_P_WORDS;
	struct p256_element r_squared = {P256_R_SQUARED};
	struct p256_words words;

	p256_read(&words, bytes);
	if (!p256_below(words.word, p))
		return 1;
	p256_unpack(a, words.word);
	p256_multiply(a, a, &r_squared);
	return 0;
}

/* to = x^3 - 3x + b */
INLINE void p256_curve_square(struct p256_element *to, struct p256_element *x)
{
	const struct p256_element three = {P256_THREE}, b = {P256_B};

	p256_square(to, x);
	p256_subtract(to, to, 1, &three);
	p256_multiply(to, to, x);
	p256_subtract(to, to, -1, &b);
}

/* Whether y^2 is what the curve says; uses left, right and test up. */
INLINE int p256_key_on_curve(struct p256_generic_work *work)
{
	struct p256_work *common = &work->common;

	p256_curve_square(&common->right, &work->key.x);
	p256_square(&common->left, &work->key.y);
	p256_subtract(&common->test, &common->left, 1, &common->right);
	return p256_is_zero(&common->test) ? P256_OK : P256_REJECTED;
}

/* Returns P256_OK or P256_REJECTED. */
NO_INLINE int p256_load_xy(struct p256_generic_work *work, const struct p256_xy *point)
{
	if (!work || !point)
		return P256_REJECTED;
	if (p256_read_element(&work->key.x, point->x) || p256_read_element(&work->key.y, point->y))
		return P256_REJECTED;
	return p256_key_on_curve(work);
}

/* Returns P256_OK or P256_REJECTED. */
NO_INLINE int p256_load_uncompressed(struct p256_generic_work *work,
				     const struct p256_uncompressed *key)
{
	if (!work || !key || key->form != P256_UNCOMPRESSED)
		return P256_REJECTED;
	return p256_load_xy(work, &key->point);
}

/* a = a^(2^times) */
NO_INLINE int p256_square_times(struct p256_element *a, __u32 times)
{
	if (!a)
		return 1;
	for (__u32 i = 0; i < 96; i++) {
		if (i >= times)
			break;
		p256_square(a, a);
	}
	return 0;
}

/*
 * root = square^((p + 1) / 4), which is a root if there is one. The exponent is
 * ((2^32 - 1) 2^128 + 2^96 + 1) 2^94. power is used up.
 */
INLINE void p256_root(struct p256_element *root, struct p256_element *square,
		      struct p256_element *power)
{
	*root = *square;
	for (__u32 bits = 1; bits < 32; bits *= 2) {
		*power = *root;
		p256_square_times(root, bits);
		p256_multiply(root, root, power);
	}
	p256_square_times(root, 32);
	p256_multiply(root, root, square);
	p256_square_times(root, 96);
	p256_multiply(root, root, square);
	p256_square_times(root, 94);
}

/* Takes the root that is odd, or even. */
INLINE void p256_choose_root(struct p256_generic_work *work, __u8 form)
{
	const struct p256_element p = {P256_P_LIMBS};
	struct p256_element *plain = &work->common.left;

	p256_reduce(plain, &work->key.y);
	if ((plain->limb[0] & 1) != (form & 1))
		p256_subtract(&work->key.y, &p, 1, &work->key.y);
}

/* Takes a square root: some 8 us. Returns P256_OK or P256_REJECTED. */
NO_INLINE int p256_load_compressed(struct p256_generic_work *work,
				   const struct p256_compressed *key)
{
	if (!work || !key || (key->form != P256_EVEN && key->form != P256_ODD))
		return P256_REJECTED;
	if (p256_read_element(&work->key.x, key->x))
		return P256_REJECTED;
	p256_curve_square(&work->common.right, &work->key.x);
	p256_root(&work->key.y, &work->common.right, &work->common.left);
	if (p256_key_on_curve(work))
		return P256_REJECTED;
	p256_choose_root(work, key->form);
	return P256_OK;
}
