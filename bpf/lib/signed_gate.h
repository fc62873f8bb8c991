/* SPDX-License-Identifier: GPL-2.0-only */
/* The three parts of the program; what the gate asks a feature. */
#pragma once

#include "gate.h"
#include "signed_packet.h"

INLINE enum reason check_proof(struct gate *g, const struct challenge *challenge, const __u8 *proof)
{
	return knock_check(g, challenge, (const struct signed_knock *)proof);
}

INLINE enum reason check_request(struct gate *g, const struct challenge *challenge,
				 const __u8 *body)
{
	return session_request_check(g, challenge, (const struct session_request *)body);
}

INLINE enum reason judge_udp(struct xdp_md *ctx, struct gate *g)
{
	return evidence_judge(ctx, g);
}

/* Returns an enum reason, or GATE_SUSPENDED. */
NO_INLINE int signed_first(struct xdp_md *ctx, struct gate *g)
{
	return g ? gate_judge(ctx, g) : DROP_TRUNCATED;
}

INLINE struct spent_key spent_key_of(struct challenge challenge)
{
	struct spent_key key = {.salt = challenge.salt, .tag = challenge.tag};

	return key;
}

/* Returns an enum reason. */
NO_INLINE int knock_settle(struct xdp_md *ctx, struct gate *g, __u32 reason)
{
	struct gate_proof *message;
	struct spent_key key;

	if (!g)
		return DROP_PROOF;
	message = gate_payload(ctx, &g->packet, sizeof(*message));
	if (!message)
		return DROP_MESSAGE_LENGTH;
	key = spent_key_of(message->challenge);
	return gate_settle_proof(g, message, &key, reason);
}

/* Returns an enum reason. */
NO_INLINE int request_settle(struct xdp_md *ctx, struct gate *g, __u32 reason)
{
	struct gate_request *message;
	struct spent_key key;

	if (!g)
		return DROP_PROOF;
	message = gate_payload(ctx, &g->packet, sizeof(*message));
	if (!message)
		return DROP_MESSAGE_LENGTH;
	key = spent_key_of(message->challenge);
	return gate_settle_request(g, message, &key, reason);
}

/* What is wrong with the signature, if anything is, is known. Returns an enum reason. */
NO_INLINE int signed_last(struct xdp_md *ctx, struct signed_work *work, __u32 reason)
{
	if (!work)
		return DROP_SIGNATURE;
	if (work->kind == SIGNED_PACKET)
		return reason ? reason : signed_settle_packet(ctx, work);
	if (reason == DROP_SIGNATURE)
		reason = DROP_PROOF;
	return work->kind == SIGNED_KNOCK ? knock_settle(ctx, &work->gate, reason)
					  : request_settle(ctx, &work->gate, reason);
}
