/* SPDX-License-Identifier: GPL-2.0-only */
/* Keys, budgets and signatures: what packets, knocks and session requests have in common. */
#pragma once

#include "signed_state.h"

/* Where a message begins that is signed; in front of it there is room for a block of addresses. */
#define SIGNED_MESSAGE_AT sizeof(struct signed_addresses)

/* The key of that id in work->place. Returns an enum reason. */
INLINE enum reason signed_key_check(struct gate *g, struct signed_work *work, __be16 id)
{
	const struct trusted_key *key;

	g->subject = bpf_ntohs(id);
	work->place = key_place(g->subject);
	key = key_at(work->place);
	if (!key)
		return DROP_KEY_UNKNOWN;
	return key->expires_s <= signed_now_s(g) ? DROP_KEY_EXPIRED : REASON_NONE;
}

/*
 * Budgets; then all is made ready for signature_check(): the digest of what is in the message from
 * at on, behind the block that start has absorbed. Returns GATE_SUSPENDED, or an enum reason.
 */
NO_INLINE int signed_prepare(struct gate *g, struct signed_work *work,
			     const struct sha256_state *start, __u64 at, __u64 length)
{
	struct key_state *key;
	enum reason reason;

	if (!g || !work || !start)
		return DROP_SIGNATURE;
	key = key_state_at(work->place);
	if (!key)
		return DROP_KEY_UNKNOWN;
	reason = curve_take(g, key, &signed_config_now()->rates);
	if (reason)
		return reason;
	work->hash.state = *start;
	work->hash.bytes = SHA256_BLOCK;
	if (sha256_finish(&work->hash, &work->message, at, length))
		return DROP_SIGNATURE;
	return GATE_SUSPENDED;
}

/* Whether the signature of the digest is that of the key. Returns an enum reason. */
NO_INLINE int signature_check(struct signed_work *work)
{
	__u32 flags = signed_config_now()->signature_flags;
	const struct p256_digest *digest;
	const struct trusted_key *key;
	int error = P256_NO_KEY;
	__u32 table;

	if (!work)
		return DROP_SIGNATURE;
	key = key_at(work->place);
	if (!key)
		return DROP_SIGNATURE;
	digest = (const struct p256_digest *)work->hash.digest;
	table = read_once(key->table);
	if (table)
		error = p256_ecdsa_verify(&work->curve.common, table - 1, digest, &work->signature,
					  flags);
	if (error != P256_NO_KEY)
		return error ? DROP_SIGNATURE : REASON_NONE;
	if (p256_load_xy(&work->curve, &key->point))
		return DROP_SIGNATURE;
	return p256_generic_verify(&work->curve, digest, &work->signature, flags) ? DROP_SIGNATURE
										  : REASON_NONE;
}

/* key id || 0 || challenge || source, and what else is signed. */
struct signed_claim {
	__be16 key_id;
	__u16 zero;
	__u8 challenge[sizeof(struct challenge)];
	__u8 source[sizeof(struct address)];
	__u8 ephemeral[64];
};

#define SIGNED_CLAIM_BYTES (sizeof(struct signed_claim) - 64)

INLINE struct signed_claim *signed_claim_of(struct signed_work *work, const struct gate *g,
					    const struct challenge *challenge, __be16 key_id)
{
	struct signed_claim *claim = (void *)work->message.bytes + SIGNED_MESSAGE_AT;

	claim->key_id = key_id;
	claim->zero = 0;
	__builtin_memcpy(claim->challenge, challenge, sizeof(claim->challenge));
	__builtin_memcpy(claim->source, &g->packet.source, sizeof(claim->source));
	return claim;
}

/* What check_proof() returns. */
NO_INLINE int knock_check(struct gate *g, const struct challenge *challenge,
			  const struct signed_knock *knock)
{
	struct signed_work *work = work_now();
	enum reason reason;

	if (!g || !work || !challenge || !knock)
		return DROP_PROOF;
	if (knock->reserved)
		return DROP_MESSAGE_FORMAT;
	reason = signed_key_check(g, work, knock->key_id);
	if (reason)
		return reason;
	work->kind = SIGNED_KNOCK;
	signed_claim_of(work, g, challenge, knock->key_id);
	__builtin_memcpy(&work->signature, knock->signature, sizeof(work->signature));
	return signed_prepare(g, work, &signed_config_now()->knock, SIGNED_MESSAGE_AT,
			      SIGNED_CLAIM_BYTES);
}

/* What check_request() returns. */
NO_INLINE int session_request_check(struct gate *g, const struct challenge *challenge,
				    const struct session_request *request)
{
	struct signed_work *work = work_now();
	struct signed_claim *claim;
	enum reason reason;

	if (!g || !work || !challenge || !request)
		return DROP_PROOF;
	if (request->reserved)
		return DROP_MESSAGE_FORMAT;
	reason = signed_key_check(g, work, request->key_id);
	if (reason)
		return reason;
	work->kind = SIGNED_REQUEST;
	claim = signed_claim_of(work, g, challenge, request->key_id);
	__builtin_memcpy(claim->ephemeral, request->ephemeral, sizeof(claim->ephemeral));
	__builtin_memcpy(&work->signature, request->signature, sizeof(work->signature));
	return signed_prepare(g, work, &signed_config_now()->session, SIGNED_MESSAGE_AT,
			      sizeof(*claim));
}
