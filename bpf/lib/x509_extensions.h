/* SPDX-License-Identifier: GPL-2.0-only */
/* Extensions (RFC 5280, 4.2): those that decide are read, and all others refused if critical. */
#pragma once

#include "x509_types.h"

#define X509_EXTENSIONS_MAX 24
#define X509_PURPOSES_MAX   16

/* id-kp-clientAuth. */
#define X509_CLIENT_AUTH 0x2b06010505070302ULL

/* Whoever understands none of these must not ignore them; who issues them means them. */
INLINE enum reason x509_refused_extension(__u32 id)
{
	switch (id) {
	case X509_NAME_CONSTRAINTS:
		return DROP_CERT_CONSTRAINTS;
	case X509_POLICY_MAPPINGS:
	case X509_POLICY_CONSTRAINTS:
	case X509_INHIBIT_ANY_POLICY:
		return DROP_CERT_POLICY;
	default:
		return REASON_NONE;
	}
}

/* An identifier of a key, as the contents of what r read last. */
INLINE void x509_key_id(const struct message *m, struct der *r, struct x509_id *id)
{
	if (!der_length(r) || der_length(r) > sizeof(id->bytes))
		der_refuse(r, DROP_CERT_EXTENSION);
	x509_copy_id(m, id, r->start, der_length(r));
}

INLINE void x509_subject_key_id(const struct message *m, struct der *value, struct x509 *c)
{
	der_take(m, value, DER_OCTET_STRING, DROP_CERT_EXTENSION);
	x509_key_id(m, value, &c->subject_key);
}

/* The identifier alone: an issuer's name and serial number as well would be another issuer. */
INLINE void x509_authority_key_id(const struct message *m, struct der *value, struct x509 *c)
{
	struct der parts;

	der_take(m, value, DER_SEQUENCE, DROP_CERT_EXTENSION);
	parts = der_enter(value);
	der_take(m, &parts, DER_CONTEXT, DROP_CERT_EXTENSION);
	x509_key_id(m, &parts, &c->authority_key);
	der_finish(&parts, DROP_CERT_EXTENSION);
	value->reason = parts.reason;
}

/* Nine named bits, of which at least one is set; without zeros at the end. */
INLINE void x509_key_usage(const struct message *m, struct der *value, struct x509 *c)
{
	__u32 unused, last, length;

	der_take(m, value, DER_BIT_STRING, DROP_CERT_EXTENSION);
	length = der_length(value);
	unused = der_byte(m, value->start);
	last = der_byte(m, value->start + length - 1);
	if (length < 2 || length > 3 || unused > 7 || (last & ((1 << (unused & 7)) - 1)) ||
	    !(last >> (unused & 7) & 1) || (length == 3 && last != 0x80))
		der_refuse(value, DROP_CERT_EXTENSION);
	c->key_usage = der_byte(m, value->start + 1);
}

INLINE void x509_basic_constraints(const struct message *m, struct der *value, struct x509 *c)
{
	struct der parts;

	der_take(m, value, DER_SEQUENCE, DROP_CERT_EXTENSION);
	parts = der_enter(value);
	if (der_is_next(m, &parts, DER_BOOLEAN)) {
		der_next(m, &parts);
		if (der_length(&parts) != 1 || der_byte(m, parts.start) != 0xff)
			der_refuse(&parts, DROP_CERT_EXTENSION);
		c->is_ca = 1;
	}
	if (der_is_next(m, &parts, DER_INTEGER)) {
		der_next(m, &parts);
		if (der_length(&parts) != 1 || der_byte(m, parts.start) > 127 || !c->is_ca)
			der_refuse(&parts, DROP_CERT_EXTENSION);
		c->path_length = der_byte(m, parts.start);
	}
	der_finish(&parts, DROP_CERT_EXTENSION);
	value->reason = parts.reason;
}

INLINE void x509_purposes(const struct message *m, struct der *value, struct x509 *c)
{
	struct der list;

	der_take(m, value, DER_SEQUENCE, DROP_CERT_EXTENSION);
	list = der_enter(value);
	if (list.at == list.end)
		der_refuse(&list, DROP_CERT_EXTENSION);
	for (int i = 0; i < X509_PURPOSES_MAX && der_has_more(&list); i++) {
		der_take(m, &list, DER_OID, DROP_CERT_EXTENSION);
		if (der_length(&list) == 8 && der_word(m, list.start) == X509_CLIENT_AUTH)
			c->client_auth = 1;
	}
	der_finish(&list, DROP_CERT_EXTENSION);
	value->reason = list.reason;
}

/* Read where it matters: of the leaf. */
INLINE void x509_alt_names(const struct message *m, struct der *value, struct x509 *c)
{
	der_take(m, value, DER_SEQUENCE, DROP_CERT_EXTENSION);
	c->alt_names = der_span_of(value);
	if (!c->alt_names.length)
		der_refuse(value, DROP_CERT_EXTENSION);
}

/* The value of an extension that is understood. Returns 0. */
NO_INLINE int x509_extension_value(const struct message *m, struct der *value, struct x509 *c,
				   __u32 id)
{
	if (!m || !value || !c)
		return 0;
	if (id == X509_SUBJECT_KEY_ID)
		x509_subject_key_id(m, value, c);
	else if (id == X509_AUTHORITY_KEY_ID)
		x509_authority_key_id(m, value, c);
	else if (id == X509_KEY_USAGE)
		x509_key_usage(m, value, c);
	else if (id == X509_BASIC_CONSTRAINTS)
		x509_basic_constraints(m, value, c);
	else if (id == X509_EXTENDED_KEY_USAGE)
		x509_purposes(m, value, c);
	else
		x509_alt_names(m, value, c);
	der_finish(value, DROP_CERT_EXTENSION);
	return 0;
}

/* Which one it is, by the last byte of its identifier; 0: none that is understood. */
INLINE __u32 x509_extension_id(const struct message *m, const struct der *r)
{
	__u64 id = der_word(m, r->start) >> 40;
	__u32 last = id & 0xff;

	if (der_length(r) != 3 || id >> 8 != 0x551d)
		return 0;
	switch (last) {
	case X509_SUBJECT_KEY_ID:
	case X509_KEY_USAGE:
	case X509_ALT_NAME:
	case X509_BASIC_CONSTRAINTS:
	case X509_NAME_CONSTRAINTS:
	case X509_POLICY_MAPPINGS:
	case X509_AUTHORITY_KEY_ID:
	case X509_POLICY_CONSTRAINTS:
	case X509_EXTENDED_KEY_USAGE:
	case X509_INHIBIT_ANY_POLICY:
		return last;
	default:
		return 0;
	}
}

/* Whether it is critical: DER leaves out what is false. */
INLINE __u64 x509_criticality(const struct message *m, struct der *r)
{
	if (!der_is_next(m, r, DER_BOOLEAN))
		return 0;
	der_next(m, r);
	if (der_length(r) != 1 || der_byte(m, r->start) != 0xff)
		der_refuse(r, DROP_CERT_EXTENSION);
	return 1;
}

/* Reads one extension. Returns 0. */
NO_INLINE int x509_one_extension(const struct message *m, struct der *list, struct x509 *c)
{
	struct der parts, value;
	__u64 critical;
	__u32 id;

	if (!m || !list || !c)
		return 0;
	der_take(m, list, DER_SEQUENCE, DROP_CERT_EXTENSION);
	parts = der_enter(list);
	der_take(m, &parts, DER_OID, DROP_CERT_EXTENSION);
	id = x509_extension_id(m, &parts);
	critical = x509_criticality(m, &parts);
	der_take(m, &parts, DER_OCTET_STRING, DROP_CERT_EXTENSION);
	der_finish(&parts, DROP_CERT_EXTENSION);
	if (!id && critical)
		der_refuse(&parts, DROP_CERT_CRITICAL);
	if (id && c->seen >> (id & 63) & 1)
		der_refuse(&parts, DROP_CERT_DUPLICATE);
	if (id && x509_refused_extension(id))
		der_refuse(&parts, x509_refused_extension(id));
	list->reason = parts.reason;
	if (!id || parts.reason)
		return 0;
	c->seen |= 1ULL << (id & 63);
	c->critical |= critical << (id & 63);
	value = der_enter(&parts);
	x509_extension_value(m, &value, c, id);
	list->reason = value.reason;
	return 0;
}

/* The list of all, in what r read last. */
INLINE void x509_extensions(const struct message *m, struct der *r, struct x509 *c)
{
	struct der holder = der_enter(r), list;

	der_take(m, &holder, DER_SEQUENCE, DROP_CERT_FORMAT);
	der_finish(&holder, DROP_CERT_FORMAT);
	list = der_enter(&holder);
	if (list.at == list.end)
		der_refuse(&list, DROP_CERT_EXTENSIONS);
	for (int i = 0; i < X509_EXTENSIONS_MAX && der_has_more(&list); i++)
		x509_one_extension(m, &list, c);
	der_finish(&list, DROP_CERT_EXTENSIONS);
	r->reason = list.reason;
}
