/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers and points of P-256 as its code holds them. docs/p256.md says why they look like this,
 * and why nothing here may touch a secret.
 */
#pragma once

#include "common.h"

#define P256_LIMBS     9
#define P256_RADIX     29
#define P256_LIMB_MASK ((1 << P256_RADIX) - 1)

/*
 * A number modulo p or n: limb[i] counts for 2^(29 i). Limbs are signed, so that subtracting needs
 * no borrow; those that a multiplication writes are from 0 to 2^29 - 1, but for the highest, which
 * has the sign. Coordinates are in Montgomery form, that is times R = 2^261.
 */
struct p256_element {
	__s64 limb[P256_LIMBS];
};

/* An integer below 2^256, lowest word first. */
struct p256_words {
	__u64 word[4];
};

struct p256_affine {
	struct p256_element x, y;
};

/*
 * The affine point (x / zz, y / zzz), where zz^3 = zzz^2; infinity when zz = 0. What follows is of
 * the addition that is under way.
 */
struct p256_sum {
	struct p256_element x, y, zz, zzz;
	struct p256_element p, r, pp, ppp, q;
};

/* What the additions of x and of y do alike: a struct p256_sum from its x, or from its y on. */
struct p256_lane {
	struct p256_element value, other_value;
	struct p256_element denominator, other_denominator;
	struct p256_element difference;
};

/* On the wire: numbers of 32 bytes, highest byte first. */
struct p256_digest {
	__u8 bytes[32];
};

struct p256_signature {
	__u8 r[32];
	__u8 s[32];
};

struct p256_xy {
	__u8 x[32];
	__u8 y[32];
};

struct p256_scalars {
	__u8 of_generator[32];
	__u8 of_key[32];
};
