/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One certificate (RFC 5280) of P-256 and SHA-256, out of a message into a struct x509: whatever
 * can be said of it by itself. What is not understood and might restrict it is refused.
 */
#pragma once

#include "p256_types.h"
#include "x509_extensions.h"
#include "x509_name.h"
#include "x509_time.h"

#define X509_SERIAL_BYTES_MAX 20

/* AlgorithmIdentifier of ecdsa-with-SHA256 (RFC 5758), without its parameters: 10 bytes. */
#define X509_ECDSA_SHA256_HEAD 0x06082a8648ce3d04ULL
#define X509_ECDSA_SHA256_REST 0x0302

/* SubjectPublicKeyInfo of P-256 (RFC 5480) before the point: 25 bytes, the last being 0x04. */
#define X509_KEY_BYTES	89
#define X509_KEY_WORD_0 0x301306072a8648ceULL
#define X509_KEY_WORD_1 0x3d020106082a8648ULL
#define X509_KEY_WORD_2 0xce3d030107034200ULL

INLINE bool x509_is_ecdsa_sha256(const struct message *m, const struct der *r)
{
	return r->tag == DER_SEQUENCE && der_length(r) == 10 &&
	       der_word(m, r->start) == X509_ECDSA_SHA256_HEAD &&
	       der_byte(m, r->start + 8) == X509_ECDSA_SHA256_REST >> 8 &&
	       der_byte(m, r->start + 9) == (X509_ECDSA_SHA256_REST & 0xff);
}

/* Version 3, which is 2, in an element of its own. */
INLINE void x509_version(const struct message *m, struct der *r)
{
	if (!der_is_next(m, r, DER_CONTEXT_HOLDS))
		der_refuse(r, DROP_CERT_VERSION);
	der_next(m, r);
	if (der_length(r) != 3 || der_word(m, r->start) >> 40 != 0x020102)
		der_refuse(r, DROP_CERT_VERSION);
}

/* A positive integer in as few bytes as it takes. */
INLINE bool x509_is_positive(const struct message *m, const struct der *r)
{
	__u32 first = der_byte(m, r->start), second = der_byte(m, r->start + 1);

	if (!der_length(r) || first >= 0x80)
		return false;
	return first || (der_length(r) > 1 && second >= 0x80);
}

INLINE void x509_serial(const struct message *m, struct der *r, struct x509 *c)
{
	der_take(m, r, DER_INTEGER, DROP_CERT_FORMAT);
	if (der_length(r) > X509_SERIAL_BYTES_MAX || !x509_is_positive(m, r))
		der_refuse(r, DROP_CERT_SERIAL);
	x509_copy_id(m, &c->serial, r->start, der_length(r));
}

INLINE void x509_validity(const struct message *m, struct der *r, struct x509 *c)
{
	struct der times;

	der_take(m, r, DER_SEQUENCE, DROP_CERT_FORMAT);
	times = der_enter(r);
	x509_time(m, &times, &c->not_before_s);
	x509_time(m, &times, &c->not_after_s);
	der_finish(&times, DROP_CERT_TIME);
	r->reason = times.reason;
}

/* The one form of a key that is taken: what is in front of the point is always the same. */
INLINE void x509_key(const struct message *m, struct der *r, struct x509 *c)
{
	der_take(m, r, DER_SEQUENCE, DROP_CERT_FORMAT);
	if (der_length(r) != X509_KEY_BYTES || der_word(m, r->start) != X509_KEY_WORD_0 ||
	    der_word(m, r->start + 8) != X509_KEY_WORD_1 ||
	    der_word(m, r->start + 16) != X509_KEY_WORD_2 || der_byte(m, r->start + 24) != 4)
		der_refuse(r, DROP_CERT_KEY);
	x509_copy(m, (struct x509_bytes *)c->point.x, r->start + 25, 32, 0);
	x509_copy(m, (struct x509_bytes *)c->point.y, r->start + 57, 32, 0);
}

/* From the key on; what follows it is of version 3. */
INLINE void x509_after_key(const struct message *m, struct der *r, struct x509 *c)
{
	if (der_is_next(m, r, DER_CONTEXT_HOLDS + 1) || der_is_next(m, r, DER_CONTEXT_HOLDS + 2) ||
	    der_is_next(m, r, DER_CONTEXT + 1) || der_is_next(m, r, DER_CONTEXT + 2))
		der_refuse(r, DROP_CERT_UNIQUE_ID);
	if (!r->reason && r->at == r->end)
		r->reason = DROP_CERT_EXTENSIONS;
	der_take(m, r, DER_CONTEXT_HOLDS + 3, DROP_CERT_FORMAT);
	x509_extensions(m, r, c);
	der_finish(r, DROP_CERT_FORMAT);
}

/* What is signed. Returns 0. */
NO_INLINE int x509_tbs(const struct message *m, struct der *r, struct x509 *c)
{
	if (!m || !r || !c)
		return 0;
	x509_version(m, r);
	x509_serial(m, r, c);
	der_take(m, r, DER_SEQUENCE, DROP_CERT_FORMAT);
	if (!x509_is_ecdsa_sha256(m, r))
		der_refuse(r, DROP_CERT_ALGORITHM);
	x509_name(m, r, &c->issuer);
	if (!c->issuer.length)
		der_refuse(r, DROP_CERT_NAME);
	x509_validity(m, r, c);
	x509_name(m, r, &c->subject);
	x509_key(m, r, c);
	x509_after_key(m, r, c);
	return 0;
}

/* One of the two numbers of a signature. */
INLINE void x509_number(const struct message *m, struct der *r, __u8 *to)
{
	__u32 zeros, length;

	der_take(m, r, DER_INTEGER, DROP_CERT_SIGNATURE_FORMAT);
	zeros = der_byte(m, r->start) == 0;
	length = der_length(r) - zeros;
	if (!x509_is_positive(m, r) || length > 32)
		der_refuse(r, DROP_CERT_SIGNATURE_FORMAT);
	x509_copy(m, (struct x509_bytes *)to, r->start + zeros, length, 32 - length);
}

/* The signature (RFC 3279, 2.2.3). Returns 0. */
NO_INLINE int x509_signature(const struct message *m, struct der *r, struct x509 *c)
{
	struct der bits, numbers;

	if (!m || !r || !c)
		return 0;
	der_take(m, r, DER_BIT_STRING, DROP_CERT_FORMAT);
	bits = der_enter(r);
	if (der_byte(m, bits.at) || bits.at >= bits.end)
		der_refuse(&bits, DROP_CERT_SIGNATURE_FORMAT);
	bits.at++;
	der_take(m, &bits, DER_SEQUENCE, DROP_CERT_SIGNATURE_FORMAT);
	der_finish(&bits, DROP_CERT_SIGNATURE_FORMAT);
	numbers = der_enter(&bits);
	x509_number(m, &numbers, c->signature.r);
	x509_number(m, &numbers, c->signature.s);
	der_finish(&numbers, DROP_CERT_SIGNATURE_FORMAT);
	r->reason = numbers.reason;
	return 0;
}

/* Reads the certificate that fills length bytes from at on. Returns an enum reason. */
NO_INLINE int x509_parse(const struct message *m, struct x509 *c, __u32 at, __u32 length)
{
	struct der all = {.at = at, .end = at + length}, parts, tbs;

	if (!m || !c || at > MESSAGE_HEAD_MAX || length > MESSAGE_LENGTH_MAX)
		return DROP_CERT_FORMAT;
	__builtin_memset(c, 0, sizeof(*c));
	c->path_length = X509_NO_LIMIT;
	der_take(m, &all, DER_SEQUENCE, DROP_CERT_FORMAT);
	der_finish(&all, DROP_CERT_DER);
	parts = der_enter(&all);
	c->tbs.at = parts.at;
	der_take(m, &parts, DER_SEQUENCE, DROP_CERT_FORMAT);
	c->tbs.length = parts.stop - c->tbs.at;
	tbs = der_enter(&parts);
	x509_tbs(m, &tbs, c);
	parts.reason = tbs.reason;
	der_take(m, &parts, DER_SEQUENCE, DROP_CERT_FORMAT);
	if (!x509_is_ecdsa_sha256(m, &parts))
		der_refuse(&parts, DROP_CERT_ALGORITHMS);
	x509_signature(m, &parts, c);
	der_finish(&parts, DROP_CERT_FORMAT);
	return parts.reason;
}
