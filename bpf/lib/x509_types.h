/* SPDX-License-Identifier: GPL-2.0-only */
/* What is known of a certificate. */
#pragma once

#include "der.h"
#include "p256_types.h"

#define X509_NO_LIMIT 0xffffffff

/* Key usage (RFC 5280, 4.2.1.3), as the first byte of the bit string has it. */
#define X509_DIGITAL_SIGNATURE 0x80
#define X509_KEY_CERT_SIGN     0x04

/* Extensions that are understood: the last byte of their identifiers, 2.5.29.x. */
enum x509_extension {
	X509_SUBJECT_KEY_ID = 14,
	X509_KEY_USAGE = 15,
	X509_ALT_NAME = 17,
	X509_BASIC_CONSTRAINTS = 19,
	X509_NAME_CONSTRAINTS = 30,
	X509_POLICY_MAPPINGS = 33,
	X509_AUTHORITY_KEY_ID = 35,
	X509_POLICY_CONSTRAINTS = 36,
	X509_EXTENDED_KEY_USAGE = 37,
	X509_INHIBIT_ANY_POLICY = 54,
};

struct x509_bytes {
	__u8 bytes[32];
};

/* A serial number or a key identifier, zeros behind it. */
struct x509_id {
	__u8 bytes[32];
	__u32 length; /* 0: there is none */
};

struct x509 {
	__u64 not_before_s; /* Unix time; 0 for what is before it */
	__u64 not_after_s;
	__u64 seen;	/* a bit for each extension that is understood and there */
	__u64 critical; /* those that are critical */
	struct p256_xy point;
	struct p256_signature signature;
	struct der_span tbs;
	struct der_span issuer; /* contents of the names */
	struct der_span subject;
	struct der_span alt_names;
	struct x509_id serial;
	struct x509_id subject_key;
	struct x509_id authority_key;
	__u32 is_ca;
	__u32 path_length; /* X509_NO_LIMIT */
	__u32 key_usage;
	__u32 client_auth;
	__u32 reserved;
};

/* Up to 32 bytes from position at on, behind shift zeros; zeros behind them. Returns 0. */
NO_INLINE int x509_copy(const struct message *m, struct x509_bytes *to, __u32 at, __u32 length,
			__u32 shift)
{
	if (!m || !to)
		return 0;
	for (__u32 i = 0; i < 32; i++)
		to->bytes[i] = i >= shift && i - shift < length ? der_byte(m, at + i - shift) : 0;
	return 0;
}

INLINE void x509_copy_id(const struct message *m, struct x509_id *to, __u32 at, __u32 length)
{
	x509_copy(m, (struct x509_bytes *)to->bytes, at, length, 0);
	to->length = length;
}

INLINE bool x509_has(const struct x509 *c, enum x509_extension extension)
{
	return c->seen >> extension & 1;
}
