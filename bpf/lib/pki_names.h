/* SPDX-License-Identifier: GPL-2.0-only */
/* Subject alternative names (RFC 5280, 4.2.1.6) of a leaf, and the operator's rule about them. */
#pragma once

#include "pki_state.h"

#define PKI_NAMES_MAX 32

/* GeneralName: tags of its choices. */
enum pki_general_name {
	PKI_OTHER_NAME = 0xa0,
	PKI_EMAIL = 0x81,
	PKI_DNS = 0x82,
	PKI_X400 = 0xa3,
	PKI_DIRECTORY = 0xa4,
	PKI_EDI = 0xa5,
	PKI_URI = 0x86,
	PKI_IP = 0x87,
	PKI_REGISTERED = 0x88,
};

INLINE __u8 pki_lower(__u32 byte)
{
	return byte - 'A' < 26 ? byte | 0x20 : byte;
}

/* The text into work->name. Returns 1 when a byte of it is none that a name can have. */
NO_INLINE int pki_copy_text(struct pki_work *work, __u32 at, __u32 length, __u32 is_dns)
{
	__u32 wrong = 0;

	if (!work)
		return 1;
	for (__u32 i = 0; i < PKI_NAME_BYTES; i++) {
		__u32 byte;

		if (i >= length)
			break;
		byte = der_byte(&work->message, is_dns ? at + length - 1 - i : at + i);
		wrong |= byte - 0x21 > 0x7e - 0x21;
		work->name.bytes[i] = is_dns ? pki_lower(byte) : byte;
	}
	return wrong;
}

/* Text of a DNS name or a URI. One that is longer than rules can be matches none. */
INLINE enum reason pki_take_text(struct pki_work *work, struct der_span text, __u8 kind)
{
	__u32 length = text.length;

	work->name.bits = 0;
	if (!length || pki_copy_text(work, text.at, length, kind == PKI_NAME_DNS))
		return DROP_CERT_ALT_NAME;
	opaque(length);
	if (length >= PKI_NAME_BYTES)
		return REASON_NONE;
	work->name.bytes[length] = 0;
	work->name.kind = kind;
	work->name.bits = (1 + length + 1) * 8;
	return REASON_NONE;
}

INLINE enum reason pki_take_address(struct pki_work *work, struct der_span bytes)
{
	if (bytes.length != 4 && bytes.length != 16)
		return DROP_CERT_ALT_NAME;
	x509_copy(&work->message, (struct x509_bytes *)work->name.bytes, bytes.at, bytes.length, 0);
	work->name.kind = bytes.length == 4 ? PKI_NAME_IPV4 : PKI_NAME_IPV6;
	work->name.bits = (1 + bytes.length) * 8;
	return REASON_NONE;
}

/* The name into work->name; with bits 0 where the operator has no rules for its kind. */
INLINE enum reason pki_take_name(struct pki_work *work, const struct der *r)
{
	work->name.bits = 0;
	switch (r->tag) {
	case PKI_DNS:
		return pki_take_text(work, der_span_of(r), PKI_NAME_DNS);
	case PKI_URI:
		return pki_take_text(work, der_span_of(r), PKI_NAME_URI);
	case PKI_IP:
		return pki_take_address(work, der_span_of(r));
	case PKI_OTHER_NAME:
	case PKI_EMAIL:
	case PKI_X400:
	case PKI_DIRECTORY:
	case PKI_EDI:
	case PKI_REGISTERED:
		return REASON_NONE;
	default:
		return DROP_CERT_ALT_NAME;
	}
}

INLINE void pki_show_name(struct pki_work *work, const struct der *r)
{
	__u32 length = der_length(r) < PKI_SHOWN_BYTES ? der_length(r) : PKI_SHOWN_BYTES;

	work->grant.shown.kind = work->name.kind;
	work->grant.shown.length = length;
	for (__u32 i = 0; i < PKI_SHOWN_BYTES; i++)
		work->grant.shown.bytes[i] =
			i < length ? der_byte(&work->message, r->start + i) : 0;
}

/* Reads the next name; notes it if it is asked for. Returns 0. */
NO_INLINE int pki_next_name(struct der *r)
{
	struct pki_work *work = work_now();
	enum reason reason;

	if (!work || !r)
		return 0;
	der_next(&work->message, r);
	if (r->reason)
		return 0;
	reason = pki_take_name(work, r);
	if (reason) {
		r->reason = reason;
		return 0;
	}
	if (work->grant.shown.kind || !work->name.bits)
		return 0;
	if (pki_config_now()->any_name || bpf_map_lookup_elem(&name_rules, &work->name))
		pki_show_name(work, r);
	return 0;
}

/* Whether all names are names, and one of them is asked for. Returns an enum reason. */
NO_INLINE int pki_check_names(struct pki_work *work, struct der *r)
{
	if (!work || !r)
		return DROP_CERT_ALT_NAME;
	work->grant.shown.kind = PKI_NAME_NONE;
	for (int i = 0; i < PKI_NAMES_MAX && der_has_more(r); i++)
		pki_next_name(r);
	der_finish(r, DROP_CERT_ALT_NAME);
	if (r->reason)
		return DROP_CERT_ALT_NAME;
	return work->grant.shown.kind || pki_config_now()->any_name ? REASON_NONE
								    : DROP_CERT_NO_MATCH;
}
