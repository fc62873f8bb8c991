/* SPDX-License-Identifier: GPL-2.0-only */
/* What proofs on the curve have in common: budgets, numbers, and the way back to the gate. */
#pragma once

#include "curve_budget.h"
#include "p256_decode.h"

struct zkp_budget {
	struct token_rate source; /* curve operations for one source */
	struct token_rate all;
};

/* The controller writes the one that is not active, then makes it so. */
struct zkp_budget zkp_budgets[2];
__u32 zkp_active;

/* From the narrower on, so that who has spent his own takes nothing from others. */
INLINE enum reason zkp_take_budget(const struct gate *g, __u64 operations)
{
	const struct zkp_budget *budget = &zkp_budgets[read_once(zkp_active) & 1];

	if (!curve_take_source(g, &budget->source, operations))
		return DROP_SOURCE_BUDGET;
	return curve_take_all(g, &budget->all, operations) ? REASON_NONE : DROP_CURVE_BUDGET;
}

/* Word by word: all at once, the compiler would need much of the stack. */
INLINE void zkp_copy(void *to, const void *from, __u64 bytes)
{
	__u32 *word = to;

#pragma unroll
	for (__u64 i = 0; i < bytes / 4; i++) {
		word[i] = ((const __u32 *)from)[i];
		asm volatile("" ::: "memory");
	}
}

/* Whether 32 bytes are a number from 1 to n - 1. */
INLINE bool zkp_is_scalar(const __u8 *bytes)
{
	struct p256_words words;

	p256_read(&words, bytes);
	return p256_is_scalar(words.word);
}

/* Returns an enum reason, or GATE_SUSPENDED. */
NO_INLINE int zkp_first(hook_context *ctx, struct gate *g)
{
	return g ? gate_judge(ctx, g) : DROP_TRUNCATED;
}

/* What is wrong with the proof, if anything is, is known. Returns an enum reason. */
NO_INLINE int zkp_last(hook_context *ctx, struct gate *g, __u32 reason)
{
	struct gate_proof *message;
	struct spent_key key;

	if (!g)
		return DROP_PROOF;
	message = gate_proof_payload(ctx, &g->packet);
	if (!message)
		return DROP_MESSAGE_LENGTH;
	key.salt = message->challenge.salt;
	key.tag = message->challenge.tag;
	return gate_settle_proof(g, message, &key, reason);
}
