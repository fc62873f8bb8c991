/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ECDSA on P-256 (FIPS 186-5), and linear combinations a * G + b * Q for Schnorr proofs, with keys
 * whose tables the controller enrolled. p256_generic.h does without tables for Q. Variable time:
 * public data only. Minimum kernel: 5.12; tested from 6.1 on.
 *
 * The digest, signature and so on may lie in a map, on the stack or, in XDP and TC, in the packet.
 */
#pragma once

#include <linux/errno.h>
#include "p256_point.h"

#define P256_OK	      0
#define P256_REJECTED (-EKEYREJECTED)
/* There is no table of that key. */
#define P256_NO_KEY (-ENOENT)

/* ECDSA: s above n / 2 is rejected, so that no signature has a twin. */
#define P256_LOW_S (1 << 0)
/* Linear combinations: a * G - b * Q. */
#define P256_NEGATE_KEY (1 << 1)

INLINE bool p256_is_scalar(const __u64 *words)
{
	const __u64 n[4] = P256_N_WORDS;

	return p256_below(words, n) && !p256_is_zero_word(words);
}

/* Whether s <= n / 2, which is s < n - s since n is odd. */
INLINE bool p256_is_low(const __u64 *s)
{
	const __u64 n[4] = P256_N_WORDS;
	__u64 opposite[4];

	p256_subtract_words(opposite, n, s);
	return p256_below(s, opposite);
}

/*
 * The scalars u1 = digest / s and u2 = r / s, ready for gathering; r stays in work->words. Returns
 * P256_OK, or P256_REJECTED if r or s is out of range.
 */
NO_INLINE int p256_ecdsa_scalars(struct p256_work *work, const struct p256_digest *digest,
				 const struct p256_signature *signature, __u32 flags)
{
	struct p256_words words;

	if (!work || !digest || !signature)
		return P256_REJECTED;
	p256_read(&words, signature->s);
	if (!p256_is_scalar(words.word) || ((flags & P256_LOW_S) && !p256_is_low(words.word)))
		return P256_REJECTED;
	p256_invert_scalar(&work->inverse, &work->s, &words);
	p256_read(&words, signature->r);
	work->words = words;
	if (!p256_is_scalar(words.word))
		return P256_REJECTED;
	p256_unpack(&work->left, words.word);
	p256_multiply_scalars(&work->left, &work->left, &work->s);
	p256_balance(&work->of_key, &work->left);
	p256_read(&words, digest->bytes);
	p256_unpack(&work->left, words.word);
	p256_multiply_scalars(&work->left, &work->left, &work->s);
	p256_balance(&work->of_generator, &work->left);
	return P256_OK;
}

/*
 * Whether the sum's x, modulo n, is r in work->words. x is below p, so that it is r or, if that is
 * below p as well, r + n. Without a division: x = X / ZZ.
 */
NO_INLINE int p256_ecdsa_compare(struct p256_work *work)
{
	const __u64 p_minus_n[4] = P256_P_MINUS_N_WORDS;
	const struct p256_element n = {P256_N_LIMBS};

	if (!work)
		return P256_REJECTED;
	if (p256_quotient_is(work, &work->sum.x, &work->sum.zz))
		return P256_OK;
	if (!p256_below(work->words.word, p_minus_n))
		return P256_REJECTED;
	p256_unpack(&work->left, work->words.word);
	p256_subtract(&work->left, &work->left, -1, &n);
	p256_pack(work->words.word, &work->left);
	return p256_quotient_is(work, &work->sum.x, &work->sum.zz) ? P256_OK : P256_REJECTED;
}

/* Both multiples from their tables. Returns 0, or 1 if there is no such key. */
INLINE int p256_multiply_both(struct p256_work *work, __u32 key)
{
	__u32 generator_width = p256_widths.generator, key_width = p256_widths.key;
	__u64 first =
		p256_table_entries(generator_width) + (__u64)key * p256_table_entries(key_width);

	if (first >> 32)
		return 1;
	if (p256_gather(&work->of_generator, 0, generator_width) ||
	    p256_gather(&work->of_key, first, key_width))
		return 1;
	return p256_add_up(&work->of_generator, &work->point) ||
	       p256_add_up(&work->of_key, &work->point);
}

/* Returns P256_OK, P256_REJECTED or P256_NO_KEY. key counts the enrolled keys from 0. */
NO_INLINE int p256_ecdsa_verify(struct p256_work *work, __u32 key, const struct p256_digest *digest,
				const struct p256_signature *signature, __u32 flags)
{
	if (!work || !digest || !signature)
		return P256_REJECTED;
	if (p256_ecdsa_scalars(work, digest, signature, flags))
		return P256_REJECTED;
	if (p256_multiply_both(work, key))
		return P256_NO_KEY;
	if (p256_join_for_x(work))
		return P256_REJECTED;
	return p256_ecdsa_compare(work);
}

/* Scalars a below n, and b of any size, ready for gathering. Returns P256_OK or P256_REJECTED. */
NO_INLINE int p256_take_scalars(struct p256_work *work, const struct p256_scalars *scalars,
				__u32 flags)
{
	const __u64 n[4] = P256_N_WORDS;
	struct p256_words words;

	if (!work || !scalars)
		return P256_REJECTED;
	p256_read(&words, scalars->of_generator);
	if (!p256_below(words.word, n))
		return P256_REJECTED;
	p256_unpack(&work->left, words.word);
	p256_balance(&work->of_generator, &work->left);
	p256_read(&words, scalars->of_key);
	p256_unpack(&work->left, words.word);
	p256_balance(&work->of_key, &work->left);
	if (flags & P256_NEGATE_KEY)
		work->of_key.negative = ~work->of_key.negative;
	return P256_OK;
}

/* Whether the sum is the point; P256_REJECTED also if its coordinates are not below p. */
NO_INLINE int p256_sum_compare(struct p256_work *work, const struct p256_xy *point)
{
	const __u64 p[4] = P256_P_WORDS;

	if (!work || !point)
		return P256_REJECTED;
	p256_read(&work->words, point->x);
	if (!p256_below(work->words.word, p) ||
	    !p256_quotient_is(work, &work->sum.x, &work->sum.zz))
		return P256_REJECTED;
	p256_read(&work->words, point->y);
	if (!p256_below(work->words.word, p) ||
	    !p256_quotient_is(work, &work->sum.y, &work->sum.zzz))
		return P256_REJECTED;
	return P256_OK;
}

/*
 * Whether a * G + b * Q, or with P256_NEGATE_KEY a * G - b * Q, is the point. a must be below n,
 * else it is rejected; b, mostly a hash, is taken modulo n. Infinity is rejected.
 */
NO_INLINE int p256_sum_check(struct p256_work *work, __u32 key, const struct p256_scalars *scalars,
			     const struct p256_xy *point, __u32 flags)
{
	if (!work || !scalars || !point)
		return P256_REJECTED;
	if (p256_take_scalars(work, scalars, flags))
		return P256_REJECTED;
	if (p256_multiply_both(work, key))
		return P256_NO_KEY;
	if (p256_join(work))
		return P256_REJECTED;
	return p256_sum_compare(work, point);
}

/* point = the sum in affine coordinates: one inversion, 1 / zzz, since zz = (zzz / zz)^2. */
NO_INLINE int p256_sum_write(struct p256_work *work, struct p256_xy *point)
{
	if (!work || !point)
		return P256_REJECTED;
	work->test = work->sum.zzz;
	p256_invert_element(&work->inverse, &work->r, &work->test);
	p256_multiply(&work->left, &work->sum.zz, &work->r);
	p256_square(&work->left, &work->left);
	p256_multiply(&work->left, &work->left, &work->sum.x);
	p256_write_element(point->x, &work->left);
	p256_multiply(&work->left, &work->sum.y, &work->r);
	p256_write_element(point->y, &work->left);
	return P256_OK;
}

/* The same sum as p256_sum_check() takes, written to the point: for commitments that are hashed. */
NO_INLINE int p256_sum_affine(struct p256_work *work, __u32 key, const struct p256_scalars *scalars,
			      struct p256_xy *point, __u32 flags)
{
	if (!work || !scalars || !point)
		return P256_REJECTED;
	if (p256_take_scalars(work, scalars, flags))
		return P256_REJECTED;
	if (p256_multiply_both(work, key))
		return P256_NO_KEY;
	if (p256_join(work))
		return P256_REJECTED;
	return p256_sum_write(work, point);
}
