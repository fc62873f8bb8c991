/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A chain of certificates from an issuer that is trusted down to a leaf: RFC 5280, section 6, as
 * far as it goes without a curve operation.
 */
#pragma once

#include "pki_names.h"
#include "pki_revocation.h"

/* Reads the certificates of the message: a length of two bytes in front of each. */
NO_INLINE int pki_split(struct pki_work *work)
{
	__u32 at, end;

	if (!work)
		return DROP_CHAIN_FORMAT;
	at = work->at;
	end = work->at + work->length;
	for (__u32 i = 0; i < PKI_CERTIFICATES_MAX; i++) {
		__u32 length;
		int reason;

		if (i >= work->count)
			break;
		length = der_byte(&work->message, at) << 8 | der_byte(&work->message, at + 1);
		if (at + 2 + length > end)
			return DROP_CHAIN_FORMAT;
		reason = x509_parse(&work->message, &work->certificate[i], at + 2, length);
		if (reason)
			return reason;
		at += 2 + length;
	}
	return at == end ? REASON_NONE : DROP_CHAIN_FORMAT;
}

/* SHA-256 of a piece of the message, in work->hash. Returns 0. */
INLINE int pki_hash(struct pki_work *work, struct der_span piece)
{
	return sha256_message(&work->hash, &work->message, piece.at, piece.length);
}

INLINE void pki_identify(struct pki_work *work, struct pki_identity *identity, struct der_span name,
			 const struct x509_id *key)
{
	pki_hash(work, name);
	__builtin_memcpy(identity->name, work->hash.digest, sizeof(identity->name));
	identity->key = *key;
}

INLINE bool pki_same_identity(const struct pki_identity *a, const struct pki_identity *b)
{
	return pki_same_bytes(a->name, b->name) && pki_same_id(&a->key, &b->key);
}

/*
 * Whether an authority issued certificate i: then it is in work->top. What the controller changes
 * meanwhile is seen by its id. Returns an enum reason.
 */
NO_INLINE int pki_find_issuer(struct pki_work *work, __u32 i)
{
	const struct pki_authority *authority;
	struct pki_identity identity;
	__u32 place, *found;
	struct x509 *c;

	if (!work)
		return DROP_CERT_UNTRUSTED;
	c = pki_certificate(work, i);
	if (!c->authority_key.length)
		return DROP_CERT_KEY_ID;
	pki_identify(work, &identity, c->issuer, &c->authority_key);
	found = bpf_map_lookup_elem(&authority_places, &identity);
	if (!found)
		return DROP_CERT_UNTRUSTED;
	place = *found;
	authority = bpf_map_lookup_elem(&authorities, &place);
	if (!authority)
		return DROP_CERT_UNTRUSTED;
	work->basis.place = place;
	work->basis.id = read_once(authority->id);
	work->basis.serial = c->serial;
	work->top = authority->issuer;
	if (read_once(authority->id) != work->basis.id ||
	    !pki_same_identity(&work->top.identity, &identity))
		return DROP_CERT_UNTRUSTED;
	return REASON_NONE;
}

/* The chain ends at the first certificate that an authority issued. Returns an enum reason. */
NO_INLINE int pki_find_authority(struct pki_work *work)
{
	if (!work)
		return DROP_CERT_UNTRUSTED;
	for (__u32 i = 0; i < PKI_CERTIFICATES_MAX; i++) {
		int reason;

		if (i >= work->count)
			break;
		reason = pki_find_issuer(work, i);
		if (reason == DROP_CERT_UNTRUSTED)
			continue;
		work->count = i + 1;
		return reason ? reason : pki_basis_check(&work->basis, work->now_s);
	}
	return DROP_CERT_UNTRUSTED;
}

INLINE enum reason pki_check_dates(const struct pki_work *work, const struct x509 *c)
{
	if (work->now_s < c->not_before_s)
		return DROP_CERT_NOT_YET;
	return work->now_s > c->not_after_s ? DROP_CERT_EXPIRED : REASON_NONE;
}

/* A certificate that issues others. */
INLINE enum reason pki_check_ca(const struct x509 *c)
{
	if (!c->is_ca || !(c->critical >> X509_BASIC_CONSTRAINTS & 1))
		return DROP_CERT_NOT_CA;
	if (!(c->key_usage & X509_KEY_CERT_SIGN))
		return DROP_CERT_KEY_USAGE;
	if (x509_has(c, X509_EXTENDED_KEY_USAGE) && !c->client_auth)
		return DROP_CERT_PURPOSE;
	if (!c->subject.length)
		return DROP_CERT_NAME;
	return c->subject_key.length ? REASON_NONE : DROP_CERT_KEY_ID;
}

/* The certificate of the peer. */
INLINE enum reason pki_check_leaf(const struct x509 *c)
{
	if (c->is_ca)
		return DROP_CERT_IS_CA;
	if (x509_has(c, X509_KEY_USAGE) &&
	    (c->key_usage & (X509_DIGITAL_SIGNATURE | X509_KEY_CERT_SIGN)) !=
		    X509_DIGITAL_SIGNATURE)
		return DROP_CERT_KEY_USAGE;
	if (!c->client_auth)
		return DROP_CERT_PURPOSE;
	if (!c->subject.length && !(c->critical >> X509_ALT_NAME & 1))
		return DROP_CERT_NAME;
	return REASON_NONE;
}

/* The certificate becomes the issuer of the next one. */
INLINE enum reason pki_descend(struct pki_work *work, const struct x509 *c)
{
	struct pki_issuer *issuer = &work->issuer;
	__u32 left = issuer->path_length;

	if (!left)
		return DROP_CERT_PATH_LENGTH;
	if (left != X509_NO_LIMIT)
		left--;
	issuer->path_length = c->path_length < left ? c->path_length : left;
	pki_identify(work, &issuer->identity, c->subject, &c->subject_key);
	issuer->point = c->point;
	issuer->table = 0;
	if (c->not_after_s < issuer->not_after_s)
		issuer->not_after_s = c->not_after_s;
	return REASON_NONE;
}

/* Whether the certificate is work->issuer's, and is good for its place. Returns an enum reason. */
NO_INLINE int pki_link(struct pki_work *work, __u32 i)
{
	struct pki_identity identity;
	enum reason reason;
	struct x509 *c;
	bool is_leaf;

	if (!work)
		return DROP_CERT_ISSUER;
	c = pki_certificate(work, i);
	is_leaf = i == 0 && !work->is_request;
	if (!c->authority_key.length)
		return DROP_CERT_KEY_ID;
	pki_identify(work, &identity, c->issuer, &c->authority_key);
	if (!pki_same_identity(&identity, &work->issuer.identity))
		return DROP_CERT_ISSUER;
	reason = pki_check_dates(work, c);
	if (reason)
		return reason;
	reason = is_leaf ? pki_check_leaf(c) : pki_check_ca(c);
	if (reason)
		return reason;
	if (!is_leaf)
		return pki_descend(work, c);
	if (c->not_after_s < work->issuer.not_after_s)
		work->issuer.not_after_s = c->not_after_s;
	return REASON_NONE;
}

INLINE enum reason pki_check_leaf_names(struct pki_work *work)
{
	struct der_span names = work->certificate[0].alt_names;
	struct der r = {.at = names.at, .end = names.at + names.length};

	return pki_check_names(work, &r);
}

/* From work->top down. Returns an enum reason. */
NO_INLINE int pki_walk(struct pki_work *work)
{
	if (!work)
		return DROP_CHAIN_FORMAT;
	if (work->top.not_after_s < work->now_s)
		return DROP_CERT_EXPIRED;
	work->issuer = work->top;
	for (__u32 i = 0; i < PKI_CERTIFICATES_MAX; i++) {
		int reason;

		if (i >= work->count)
			break;
		reason = pki_link(work, work->count - 1 - i);
		if (reason)
			return reason;
	}
	return work->is_request ? REASON_NONE : pki_check_leaf_names(work);
}
