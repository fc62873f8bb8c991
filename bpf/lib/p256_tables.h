/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Multiples of points by tables. The scalar is cut into signed windows of w bits, and each window
 * has a table of its multiples 1 to 2^(w-1), already times the window's power of two: a multiple of
 * the point is one entry per window, added up without a doubling.
 *
 * What is added up for one point never meets an exceptional case, that is a sum that equals the
 * next entry or its negative: docs/p256.md proves it.
 */
#pragma once

#include "p256_numbers.h"

#define P256_SCALAR_BITS 256
#define P256_WIDTH_MIN	 4
#define P256_WIDTH_MAX	 13
#define P256_WINDOWS_MAX (P256_SCALAR_BITS / P256_WIDTH_MIN)

/* An entry: an affine point in Montgomery form, from 0 to p - 1 each. */
struct p256_entry {
	__u64 x[4];
	__u64 y[4];
};

/*
 * Every table there is: the generator's, then one per key, window by window, 1 * 2^(w i) first. How
 * many entries there are is up to the controller, which fills them (@cryptbpf/core/crypto:
 * p256Tables).
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct p256_entry);
} p256_entries SEC(".maps");

/* Bits of a window, for the generator and for keys: 4 to 13, but not 5 (docs/p256.md). */
struct p256_widths {
	__u32 generator;
	__u32 key;
};

const volatile struct p256_widths p256_widths = {8, 8};

/* A scalar, which entries make up its multiple of a point, and that multiple. */
struct p256_multiple {
	/* from 0 to n / 2; the zeros above are read by windows, too */
	__u64 magnitude[6];
	/* all ones for -magnitude */
	__u64 negative;
	__u64 count;
	/* indexes into the tables; P256_NEGATED for the opposite point */
	__u64 entry[P256_WINDOWS_MAX];
	struct p256_sum sum;
};

#define P256_NEGATED (1ull << 63)

INLINE __u32 p256_windows(__u32 width)
{
	return (P256_SCALAR_BITS + width - 1) / width;
}

INLINE __u32 p256_table_entries(__u32 width)
{
	return p256_windows(width) << (width - 1);
}

/* Takes the scalar, from 0 to 2n - 1, modulo n or its opposite, whichever is smaller. Uses it up.
 */
INLINE void p256_balance(struct p256_multiple *multiple, struct p256_element *scalar)
{
	const struct p256_element n = {P256_N_LIMBS};
	const __u64 n_words[4] = P256_N_WORDS;
	__u64 value[4], opposite[4], unused[4], smaller;

	p256_subtract_once(scalar, &n);
	p256_pack(value, scalar);
	p256_subtract_words(opposite, n_words, value);
	smaller = -p256_subtract_words(unused, opposite, value);
	opaque(smaller);
#pragma unroll
	for (int i = 0; i < 4; i++)
		multiple->magnitude[i] = (opposite[i] & smaller) | (value[i] & ~smaller);
	multiple->magnitude[4] = 0;
	multiple->magnitude[5] = 0;
	multiple->negative = smaller;
}

/*
 * Finds the entries that make up the multiple, in the table of that width that begins at the entry
 * first. Each is touched, so that all of them are on their way from memory at the same time.
 * Returns 0, or 1 if there is no such table.
 */
NO_INLINE int p256_gather(struct p256_multiple *multiple, __u32 first, __u32 width)
{
	__u64 half, carry = 0, count = 0, touched = 0;

	if (!multiple || width < P256_WIDTH_MIN || width > P256_WIDTH_MAX)
		return 1;
	half = 1ull << (width - 1);
	for (__u32 i = 0; i < P256_WINDOWS_MAX; i++) {
		__u32 bit = i * width, byte = bit >> 3, index;
		__u64 sign, digit, present;
		struct p256_entry *entry;

		if (bit >= P256_SCALAR_BITS || byte > 32)
			break;
		digit = *(__u64 *)((__u8 *)multiple->magnitude + byte) >> (bit & 7);
		digit = (digit & (2 * half - 1)) + carry;
		carry = (digit + half - 1) >> width;
		digit -= carry << width;
		sign = (__s64)digit >> 63;
		digit = (digit ^ sign) - sign;
		/* Branches on digits would make a path each for the verifier. */
		present = -digit;
		opaque(present);
		present >>= 63;
		index = first + i * half + ((digit - 1) & (half - 1));
		entry = bpf_map_lookup_elem(&p256_entries, &index);
		if (!entry)
			return 1;
		touched += entry->x[0];
		multiple->entry[count & (P256_WINDOWS_MAX - 1)] =
			index | ((sign ^ multiple->negative) & P256_NEGATED);
		count += present;
	}
	opaque(touched);
	multiple->count = count;
	return 0;
}

/* point = the entry, or its opposite for a mask of ones. */
INLINE void p256_unpack_entry(struct p256_affine *point, const struct p256_entry *entry,
			      __s64 negative)
{
	p256_unpack(&point->x, entry->x);
	p256_unpack(&point->y, entry->y);
#pragma unroll
	for (int i = 0; i < P256_LIMBS; i++)
		point->y.limb[i] = (point->y.limb[i] ^ negative) - negative;
}

INLINE void p256_start(struct p256_sum *sum, const struct p256_affine *point)
{
	sum->x = point->x;
	sum->y = point->y;
	sum->zz = (struct p256_element){P256_ONE};
	sum->zzz = (struct p256_element){P256_ONE};
}

/*
 * The rest of an addition, from the differences p and r on (madd-2008-s of the Explicit-Formulas
 * Database), but for the denominators. x is the old one's place and the new one's.
 */
INLINE void p256_add_differences(struct p256_sum *sum)
{
	p256_square(&sum->pp, &sum->p);
	p256_multiply(&sum->ppp, &sum->p, &sum->pp);
	p256_multiply(&sum->q, &sum->x, &sum->pp);
	p256_add_x(sum);
	p256_add_y(sum);
}

INLINE void p256_take_differences(struct p256_sum *sum, struct p256_affine *point)
{
	p256_difference((struct p256_lane *)&sum->x, &point->x);
	p256_difference((struct p256_lane *)&sum->y, &point->y);
}

/*
 * sum += point, which is neither the sum nor its negative: these leave zz = 0, and so does whatever
 * is added from then on.
 */
INLINE void p256_add(struct p256_sum *sum, struct p256_affine *point)
{
	p256_take_differences(sum, point);
	p256_add_differences(sum);
	p256_multiply(&sum->zz, &sum->zz, &sum->pp);
	p256_multiply(&sum->zzz, &sum->zzz, &sum->ppp);
}

/* Adds up what was gathered. Returns 0, or 1 if there is no such table. */
NO_INLINE int p256_add_up(struct p256_multiple *multiple, struct p256_affine *point)
{
	if (!multiple || !point)
		return 1;
	__builtin_memset(&multiple->sum, 0, sizeof(multiple->sum));
	for (__u32 i = 0; i < P256_WINDOWS_MAX; i++) {
		__u32 index;
		struct p256_entry *entry;

		if (i >= multiple->count)
			break;
		index = multiple->entry[i];
		entry = bpf_map_lookup_elem(&p256_entries, &index);
		if (!entry)
			return 1;
		p256_unpack_entry(point, entry, (__s64)multiple->entry[i] >> 63);
		if (i == 0)
			p256_start(&multiple->sum, point);
		else
			p256_add(&multiple->sum, point);
	}
	return 0;
}
