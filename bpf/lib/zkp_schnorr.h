/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Schnorr's proof of knowledge of a private key (RFC 8235, on P-256), made non-interactive: with
 * the commitment R, the challenge c = SHA-256(label || audience || P || all that the proof is for
 * || R) and the response s, it holds if s * G - c * P = R.
 */
#pragma once

#include "../zkp.h"
#include "gate.h"
#include "sha256_message.h"
#include "zkp_birth.h"
#include "zkp_curve.h"

struct zkp_key {
	struct sha256_state start; /* after label || audience || P */
	__u64 until_ns;		   /* boot clock; 0: for ever */
	__u32 table;		   /* number of its table */
	__u32 reserved;
};

#include "zkp_keys.h"

/* What is hashed behind what is always the same: three quarters of two blocks. */
struct zkp_claim {
	__u8 challenge[sizeof(struct challenge)];
	__u8 source[sizeof(struct address)];
	__be16 key_id;
	__u16 reserved;
	struct p256_xy commitment;
};

#define ZKP_START_BYTES 128

struct zkp_work {
	struct gate gate;
	__u64 busy;
	struct zkp_key key;
	struct p256_xy commitment;
	struct p256_scalars scalars;
	struct sha256 hash;
	struct p256_generic_work curve;
	struct message message;
};

#define GATE_WORK struct zkp_work
#include "gate_work.h"

/* What check_proof() returns. */
NO_INLINE int zkp_schnorr_take(struct gate *g, const struct challenge *challenge,
			       const struct zkp_schnorr *proof)
{
	struct zkp_work *work = work_now();
	const struct zkp_key *key;
	struct zkp_claim *claim;

	if (!g || !work || !challenge || !proof)
		return DROP_PROOF;
	if (proof->reserved)
		return DROP_MESSAGE_FORMAT;
	g->subject = bpf_ntohs(proof->key_id);
	key = zkp_key_of(g->subject);
	if (!key)
		return DROP_KEY_UNKNOWN;
	if (zkp_is_over(key->until_ns, g->now_ns))
		return DROP_KEY_EXPIRED;
	zkp_copy(&work->key, key, sizeof(work->key));
	claim = (struct zkp_claim *)work->message.bytes;
	zkp_copy(claim->challenge, challenge, sizeof(claim->challenge));
	zkp_copy(claim->source, &g->packet.source, sizeof(claim->source));
	claim->key_id = proof->key_id;
	claim->reserved = 0;
	zkp_copy(&claim->commitment, proof->commitment, sizeof(claim->commitment));
	zkp_copy(&work->commitment, proof->commitment, sizeof(work->commitment));
	zkp_copy(work->scalars.of_generator, proof->response, ZKP_SCALAR_BYTES);
	return GATE_SUSPENDED;
}

/* What is wrong with the numbers of the proof. Returns an enum reason. */
NO_INLINE int zkp_schnorr_decode(struct zkp_work *work)
{
	if (!work || !zkp_is_scalar(work->scalars.of_generator))
		return DROP_SCALAR;
	return p256_load_xy(&work->curve, &work->commitment) ? DROP_POINT : REASON_NONE;
}

/* Leaves c in work->scalars. Returns an enum reason. */
NO_INLINE int zkp_schnorr_prepare(struct zkp_work *work)
{
	enum reason reason;

	if (!work)
		return DROP_PROOF;
	reason = zkp_take_budget(&work->gate, 1);
	if (reason)
		return reason;
	work->hash.state = work->key.start;
	work->hash.bytes = ZKP_START_BYTES;
	if (sha256_finish(&work->hash, &work->message, 0, sizeof(struct zkp_claim)))
		return DROP_PROOF;
	zkp_copy(work->scalars.of_key, work->hash.digest, ZKP_SCALAR_BYTES);
	return REASON_NONE;
}

/* Returns an enum reason. */
INLINE int zkp_schnorr_check(struct zkp_work *work)
{
	int reason = zkp_schnorr_decode(work);

	if (!reason)
		reason = zkp_schnorr_prepare(work);
	if (reason)
		return reason;
	return p256_sum_check(&work->curve.common, work->key.table, &work->scalars,
			      &work->commitment, P256_NEGATE_KEY)
		       ? DROP_PROOF
		       : REASON_NONE;
}
