/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages to the gate: challenges given out, proofs taken, sources admitted. */
#pragma once

#include "gate_load.h"
#include "gate_state.h"
#include "gate_wire.h"
#include "spent.h"

INLINE __u64 gate_wall_ms(__u64 boot_ns)
{
	return (boot_ns + read_once(gate_clock.wall_offset_ns)) / NS_PER_MS;
}

INLINE __u64 gate_horizon_ns(const struct gate *g)
{
	return read_once(gate_clock.wall_updated_ns) + config_of(g)->clock_horizon_ns;
}

INLINE const struct siphash_key *gate_epoch_key(const struct gate *g, __u32 index, __u64 issued_ms)
{
	return epoch_key_of(&config_of(g)->secrets[index], index, config_of(g)->service,
			    issued_ms / config_of(g)->epoch_ms);
}

INLINE bool gate_answer_allowed(const struct gate *g)
{
	__u32 bucket = gate_bucket(config_of(g), &g->prefix);
	__u64 *tokens = bpf_map_lookup_elem(&answer_buckets, &bucket);

	return tokens && token_take(tokens, &config_of(g)->answer_rate, g->now_ns);
}

/* A fresh challenge for this source. */
INLINE enum reason gate_issue(const struct gate *g, struct challenge *challenge)
{
	__u64 issued_ms = gate_wall_ms(g->now_ns);
	const struct siphash_key *key;

	if (g->now_ns > gate_horizon_ns(g))
		return DROP_CLOCK_STALE;
	key = gate_epoch_key(g, 0, issued_ms);
	if (!key)
		return DROP_CLOCK_STALE;
	challenge->version = CHALLENGE_VERSION;
	challenge->difficulty = gate_difficulty(g);
	challenge->key_id = config_of(g)->secrets[0].key_id;
	challenge->reserved = 0;
	challenge->service = bpf_htonl(config_of(g)->service);
	challenge->issued_ms = bpf_cpu_to_be64(issued_ms);
	challenge->salt = (__u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32();
	challenge->tag = challenge_tag(key, challenge, &g->packet.source);
	return REASON_NONE;
}

INLINE void gate_sum_before(struct gate *g, void *message, __u32 bytes)
{
	if (!HOOK_CHECKSUM_WHOLE)
		g->old_sum = bpf_csum_diff(message, bytes, NULL, 0, 0);
}

NO_INLINE int gate_hello(struct gate *g, struct gate_hello *hello)
{
	struct gate_challenge *answer = (void *)hello;
	struct challenge challenge;
	enum reason reason;
	__u64 nonzero = 0;

	if (!g || !hello)
		return DROP_MESSAGE_LENGTH;

#pragma unroll
	for (int i = 0; i < 6; i++)
		nonzero |= hello->zero[i];
	if (nonzero)
		return DROP_MESSAGE_FORMAT;
	gate_sum_before(g, hello, sizeof(*hello));
	if (!gate_answer_allowed(g))
		return DROP_REPLY_LIMITED;
	reason = gate_issue(g, &challenge);
	if (reason)
		return reason;
	answer->header.type = GATE_CHALLENGE;
	answer->challenge = challenge;
	answer->source = g->packet.source;
	g->answered = 1;
	return ANSWER_CHALLENGE;
}

/* When it was issued: not in the future, not too long ago, and remembered if it was spent. */
INLINE enum reason gate_check_time(const struct gate *g, __u64 issued_ms)
{
	__u64 now_ms = gate_wall_ms(g->now_ns);
	__u64 horizon_ns = gate_horizon_ns(g);

	if (issued_ms > now_ms + config_of(g)->skew_ms)
		return DROP_CHALLENGE_FUTURE;
	if (issued_ms + config_of(g)->challenge_ms < now_ms)
		return DROP_CHALLENGE_EXPIRED;
	if (issued_ms < gate_birth.not_before_ms)
		return DROP_CHALLENGE_BEFORE_START;
	/* What was issued before the clock went stale may still be answered. */
	if (g->now_ns > horizon_ns && issued_ms > gate_wall_ms(horizon_ns))
		return DROP_CLOCK_STALE;
	return REASON_NONE;
}

/* Whether the challenge is one of ours, or of a gate with our secret, given to this source. */
INLINE enum reason gate_check_tag(const struct gate *g, const struct challenge *challenge)
{
	const struct gate_config *config = config_of(g);
	__u64 issued_ms = bpf_be64_to_cpu(challenge->issued_ms);
	const struct siphash_key *key;
	__u32 index;

	for (index = 0; index < SECRETS; index++)
		if (config->secrets[index].generation &&
		    config->secrets[index].key_id == challenge->key_id)
			break;
	if (index == SECRETS)
		return DROP_KEY_ID;
	opaque(index);
	if (index >= SECRETS)
		return DROP_KEY_ID;
	key = gate_epoch_key(g, index, issued_ms);
	if (!key || challenge_tag(key, challenge, &g->packet.source) != challenge->tag)
		return DROP_TAG;
	return REASON_NONE;
}

/* Everything about a proof but what changes state; from cheap to dear. */
INLINE enum reason gate_check_proof(const struct gate *g, const struct challenge *challenge,
				    const struct spent_key *key, const __u8 *proof)
{
	enum reason reason;

	if (challenge->version != CHALLENGE_VERSION || challenge->reserved)
		return DROP_MESSAGE_FORMAT;
	if (challenge->service != bpf_htonl(config_of(g)->service))
		return DROP_SERVICE;
	if (challenge->difficulty < config_of(g)->difficulty_min)
		return DROP_DIFFICULTY;
	reason = gate_check_time(g, bpf_be64_to_cpu(challenge->issued_ms));
	if (reason)
		return reason;
	reason = gate_check_tag(g, challenge);
	if (reason)
		return reason;
	if (spent_has(key))
		return DROP_SPENT;
	return proof_holds(challenge, proof) ? REASON_NONE : DROP_PROOF;
}

/* Whether the wider prefix may have one more admission. */
INLINE bool gate_wide_allowed(const struct gate *g)
{
	struct address wide =
		mask_address(&g->packet, &config_of(g)->wide_ipv4, &config_of(g)->wide_ipv6);
	__u32 bucket = gate_bucket(config_of(g), &wide);
	__u64 *tokens = bpf_map_lookup_elem(&wide_buckets, &bucket);

	return tokens && token_take(tokens, &config_of(g)->wide_rate, g->now_ns);
}

/* Longer for who is in, and in for who is not. Only this makes the map grow. */
INLINE enum reason gate_admit(struct gate *g, struct gate_admission *current, __u64 expires_ns)
{
	struct gate_admission admission = {
		.expires_ns = expires_ns,
		.admitted_ns = g->now_ns,
		.packet_bucket = g->now_ns,
		.syn_bucket = g->now_ns,
		.origin = ORIGIN_PROOF,
		.difficulty = g->difficulty,
	};
	struct address prefix = g->prefix;

	if (current) {
		if (current->expires_ns < expires_ns)
			write_once(current->expires_ns, expires_ns);
		return REASON_NONE;
	}
	return bpf_map_update_elem(&admitted, &prefix, &admission, BPF_ANY) ? DROP_ADMISSION_FAILED
									    : REASON_NONE;
}

/* An admission of this source that still counts. */
INLINE struct gate_admission *gate_current(const struct gate *g)
{
	struct address prefix = g->prefix; /* 6.1 takes keys from the stack, not from an argument */
	struct gate_admission *admission = bpf_map_lookup_elem(&admitted, &prefix);

	return admission && admission->expires_ns > g->now_ns ? admission : NULL;
}

INLINE enum reason gate_accept(struct gate *g, const struct spent_key *key)
{
	struct gate_admission *current = gate_current(g);
	__u64 lifetime = gate_lifetime_ns(g);
	/* One more millisecond: the clock that a challenge is compared with is rounded down. */
	__u64 remember = (config_of(g)->challenge_ms + config_of(g)->skew_ms + 1) * NS_PER_MS;
	enum reason reason;

	if (!current && !gate_wide_allowed(g))
		return DROP_PREFIX_LIMITED;
	reason = spent_add(key, g->now_ns + remember, g->now_ns, &gate_state.spent_head,
			   config_of(g)->spent_capacity);
	if (reason)
		return reason;
	reason = gate_admit(g, current, g->now_ns + lifetime);
	if (reason)
		return reason;
	gate_load_add(g);
	g->lifetime_s = lifetime / NS_PER_S;
	return ANSWER_ADMITTED;
}

/* A repeated proof is told how long its source is still admitted: its verdict may have been lost.
 */
INLINE void gate_remaining(struct gate *g)
{
	struct gate_admission *current = gate_current(g);

	if (current)
		g->lifetime_s = (current->expires_ns - g->now_ns) / NS_PER_S;
}

INLINE void gate_write_verdict(struct gate *g, struct gate_proof *proof, enum reason reason)
{
	struct gate_verdict *verdict = (void *)proof;

	gate_sum_before(g, proof, sizeof(*proof));
	verdict->header.type = GATE_VERDICT;
	verdict->header.status = reason == ANSWER_ADMITTED ? 0 : reason;
	__builtin_memset(&verdict->lifetime_s, 0, sizeof(*proof) - sizeof(proof->header));
	verdict->lifetime_s = bpf_htonl(g->lifetime_s);
	verdict->renew_after_s = bpf_htonl(g->lifetime_s / 4 * 3);
	g->answered = 1;
}

NO_INLINE int gate_proof(struct gate *g, struct gate_proof *message)
{
	struct challenge challenge;
	struct spent_key key;
	enum reason reason;

	if (!g || !message)
		return DROP_MESSAGE_LENGTH;
	challenge = message->challenge;
	key.salt = challenge.salt;
	key.tag = challenge.tag;
	g->difficulty = challenge.difficulty;
	reason = gate_check_proof(g, &challenge, &key, message->proof);
	if (!reason)
		reason = gate_accept(g, &key);
	if (reason == DROP_SPENT)
		gate_remaining(g);
	if (reason == ANSWER_ADMITTED || (reason >= DROP_SERVICE && gate_answer_allowed(g)))
		gate_write_verdict(g, message, reason);
	return reason;
}
