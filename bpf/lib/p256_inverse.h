/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inverses modulo p and n by Bernstein and Yang's division steps (safegcd), in batches of 30 on the
 * lowest bits alone, as in libsecp256k1's modinv32. docs/p256.md describes it.
 */
#pragma once

#include "p256_numbers.h"

#define P256_INVERSE_MASK  0x3fffffff
#define P256_INVERSE_STEPS 30
/* 590 steps are enough for 256 bits. */
#define P256_INVERSE_BATCHES 20

/* Signed limbs of 30 bits. */
struct p256_signed {
	__s64 limb[P256_LIMBS];
};

/* Modulo the modulus, d = f / x and e = g / x, times R; f and g become +-1 and 0. */
struct p256_inverse {
	struct p256_signed f, g, d, e, modulus;
	/* 1 / modulus modulo 2^30 */
	__u64 factor;
	__s64 zeta;
	/* 2^30 times what a batch does to (f, g) and to (d, e) */
	__s64 u, v, q, r;
};

/*
 * One division step. Two cofactors share a register, so that the upper is in the high half: of u
 * and v, of q and r. The barrier keeps the compiler from joining steps, which spills.
 */
#define P256_STEP                                                                                  \
	do {                                                                                       \
		__s64 swap = zeta >> 63, odd = -(g & 1);                                           \
		__s64 x = (f ^ swap) - swap, y = (uv ^ swap) - swap;                               \
		g += x & odd;                                                                      \
		qr += y & odd;                                                                     \
		swap &= odd;                                                                       \
		zeta = (zeta ^ swap) - 1;                                                          \
		f += g & swap;                                                                     \
		uv += qr & swap;                                                                   \
		g >>= 1;                                                                           \
		uv <<= 1;                                                                          \
		asm volatile("" : "+r"(f), "+r"(g), "+r"(uv), "+r"(qr), "+r"(zeta));               \
	} while (0)

NO_INLINE int p256_inverse_steps(struct p256_inverse *i)
{
	__s64 f, g, zeta, uv = 1, qr = 1ll << 32;

	if (!i)
		return 1;
	f = i->f.limb[0] | (i->f.limb[1] << 30);
	g = i->g.limb[0] | (i->g.limb[1] << 30);
	zeta = i->zeta;
#pragma unroll
	for (int step = 0; step < P256_INVERSE_STEPS; step++)
		P256_STEP;
	i->zeta = zeta;
	i->u = (__s32)uv;
	i->q = (__s32)qr;
	i->v = (uv - i->u) >> 32;
	i->r = (qr - i->q) >> 32;
	return 0;
}

/* (d, e) = (u d + v e, q d + r e) / 2^30 modulo the modulus, each from -2 * modulus to modulus. */
NO_INLINE int p256_inverse_update(struct p256_inverse *i)
{
	__s64 u, v, q, r, md, me, cd, ce;

	if (!i)
		return 1;
	u = i->u;
	v = i->v;
	q = i->q;
	r = i->r;
	md = (u & (i->d.limb[8] >> 63)) + (v & (i->e.limb[8] >> 63));
	me = (q & (i->d.limb[8] >> 63)) + (r & (i->e.limb[8] >> 63));
	cd = u * i->d.limb[0] + v * i->e.limb[0];
	ce = q * i->d.limb[0] + r * i->e.limb[0];
	md -= (i->factor * cd + md) & P256_INVERSE_MASK;
	me -= (i->factor * ce + me) & P256_INVERSE_MASK;
	cd = (cd + i->modulus.limb[0] * md) >> 30;
	ce = (ce + i->modulus.limb[0] * me) >> 30;
#pragma unroll
	for (int k = 1; k < P256_LIMBS; k++) {
		cd += u * i->d.limb[k] + v * i->e.limb[k] + i->modulus.limb[k] * md;
		ce += q * i->d.limb[k] + r * i->e.limb[k] + i->modulus.limb[k] * me;
		i->d.limb[k - 1] = cd & P256_INVERSE_MASK;
		i->e.limb[k - 1] = ce & P256_INVERSE_MASK;
		cd >>= 30;
		ce >>= 30;
	}
	i->d.limb[8] = cd;
	i->e.limb[8] = ce;
	return 0;
}

/* (f, g) = (u f + v g, q f + r g) / 2^30. Returns whether g is not 0 yet. */
NO_INLINE int p256_inverse_reduce(struct p256_inverse *i)
{
	__s64 u, v, q, r, cf, cg;
	__u64 any = 0;

	if (!i)
		return 0;
	u = i->u;
	v = i->v;
	q = i->q;
	r = i->r;
	cf = (u * i->f.limb[0] + v * i->g.limb[0]) >> 30;
	cg = (q * i->f.limb[0] + r * i->g.limb[0]) >> 30;
#pragma unroll
	for (int k = 1; k < P256_LIMBS; k++) {
		cf += u * i->f.limb[k] + v * i->g.limb[k];
		cg += q * i->f.limb[k] + r * i->g.limb[k];
		i->f.limb[k - 1] = cf & P256_INVERSE_MASK;
		i->g.limb[k - 1] = cg & P256_INVERSE_MASK;
		any |= cg & P256_INVERSE_MASK;
		cf >>= 30;
		cg >>= 30;
	}
	i->f.limb[8] = cf;
	i->g.limb[8] = cg;
	return (any | cg) != 0;
}

INLINE void p256_signed_of(struct p256_signed *to, const __u64 *w)
{
	to->limb[0] = w[0] & P256_INVERSE_MASK;
	to->limb[1] = (w[0] >> 30) & P256_INVERSE_MASK;
	to->limb[2] = ((w[0] >> 60) | (w[1] << 4)) & P256_INVERSE_MASK;
	to->limb[3] = (w[1] >> 26) & P256_INVERSE_MASK;
	to->limb[4] = ((w[1] >> 56) | (w[2] << 8)) & P256_INVERSE_MASK;
	to->limb[5] = (w[2] >> 22) & P256_INVERSE_MASK;
	to->limb[6] = ((w[2] >> 52) | (w[3] << 12)) & P256_INVERSE_MASK;
	to->limb[7] = (w[3] >> 18) & P256_INVERSE_MASK;
	to->limb[8] = w[3] >> 48;
}

/* From limbs of 30 bits to limbs of 29; not negative. */
INLINE void p256_element_of(struct p256_element *to, const struct p256_signed *from)
{
	const __s64 *x = from->limb;

	to->limb[0] = x[0] & P256_LIMB_MASK;
#pragma unroll
	for (int k = 1; k < P256_LIMBS - 1; k++)
		to->limb[k] = ((x[k - 1] >> (30 - k)) | (x[k] << k)) & P256_LIMB_MASK;
	to->limb[8] = (x[7] >> 22) | (x[8] << 8);
}

/* d = sign(f) * d + 2 * modulus, where d was from -2 * modulus to modulus. */
INLINE void p256_inverse_finish(struct p256_inverse *i)
{
	__s64 negative = i->f.limb[8] >> 63, carry = 0;

#pragma unroll
	for (int k = 0; k < P256_LIMBS; k++) {
		__s64 limb = (i->d.limb[k] ^ negative) - negative;

		carry += limb + 2 * i->modulus.limb[k];
		i->d.limb[k] = k < P256_LIMBS - 1 ? carry & P256_INVERSE_MASK : carry;
		carry >>= 30;
	}
}

/*
 * to = R / x modulo the modulus, from 0 to 4 * modulus. Given: modulus, factor, e = R, g = x, which
 * is from 1 to modulus - 1.
 */
NO_INLINE int p256_invert(struct p256_inverse *i, struct p256_element *to)
{
	if (!i || !to)
		return 1;
	i->f = i->modulus;
	__builtin_memset(&i->d, 0, sizeof(i->d));
	i->zeta = -1;
	for (int batch = 0; batch < P256_INVERSE_BATCHES; batch++) {
		p256_inverse_steps(i);
		p256_inverse_update(i);
		if (!p256_inverse_reduce(i))
			break;
	}
	p256_inverse_finish(i);
	p256_element_of(to, &i->d);
	return 0;
}

/* to = R / s mod n for the s from 1 to n - 1. */
INLINE void p256_invert_scalar(struct p256_inverse *i, struct p256_element *to,
			       const struct p256_words *s)
{
	i->modulus = (struct p256_signed){P256_N_INVERSE};
	i->factor = P256_N_FACTOR;
	i->e = (struct p256_signed){P256_R_MOD_N};
	p256_signed_of(&i->g, s->word);
	p256_invert(i, to);
}

/* to = 1 / a mod p, both in Montgomery form; a is not 0 and is used up. */
INLINE void p256_invert_element(struct p256_inverse *i, struct p256_element *to,
				struct p256_element *a)
{
	__u64 plain[4];

	p256_reduce(a, a);
	p256_pack(plain, a);
	i->modulus = (struct p256_signed){P256_P_INVERSE};
	i->factor = P256_P_FACTOR;
	i->e = (struct p256_signed){P256_R_MOD_P};
	p256_signed_of(&i->g, plain);
	p256_invert(i, to);
}
