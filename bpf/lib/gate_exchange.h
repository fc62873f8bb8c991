/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages to the gate: challenges given out, proofs taken, sources admitted. */
#pragma once

#include "gate_load.h"
#include "gate_state.h"
#include "gate_wire.h"
#include "spent.h"

#define PROLONG_TRIES 4

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
	__u64 *tokens = source_bucket(&answer_buckets, &config_of(g)->bucket_key, &g->prefix);

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

/* Everything about the challenge of a proof but what changes state; from cheap to dear. */
INLINE enum reason gate_check_challenge(const struct gate *g, const struct challenge *challenge,
					const struct spent_key *key)
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
	return spent_has(key) ? DROP_SPENT : REASON_NONE;
}

/* Whether the wider prefix may have one more admission. */
INLINE bool gate_wide_allowed(const struct gate *g)
{
	struct address wide =
		mask_address(&g->packet, &config_of(g)->wide_ipv4, &config_of(g)->wide_ipv6);
	__u64 *tokens = source_bucket(&wide_buckets, &config_of(g)->bucket_key, &wide);

	return tokens && token_take(tokens, &config_of(g)->wide_rate, g->now_ns);
}

/*
 * For how long a spent challenge is remembered: until it is over, if it was issued by a clock that
 * is ahead by skew_ms, and ours is set back by skew_ms (the controller refuses challenges from
 * before a larger step); and one millisecond, since wall time is rounded down.
 */
INLINE __u64 gate_memory_ns(const struct gate *g)
{
	return (config_of(g)->challenge_ms + 2 * config_of(g)->skew_ms + 1) * NS_PER_MS;
}

/* The challenge has served. */
INLINE enum reason gate_spend(const struct gate *g, const struct spent_key *key)
{
	return spent_add(key, g->now_ns + gate_memory_ns(g), g->now_ns, &gate_state.spent_head,
			 config_of(g)->spent_capacity);
}

/* An admission of this source that still counts. */
INLINE struct gate_admission *gate_current(const struct gate *g)
{
	struct address prefix = g->prefix; /* 6.1 takes keys from the stack, not from an argument */
	struct gate_admission *admission = bpf_map_lookup_elem(&admitted, &prefix);

	return admission && read_once(admission->expires_ns) > g->now_ns ? admission : NULL;
}

/*
 * Makes an admission end later, never earlier. False: it is not what it was. An element of an LRU
 * map may have become another source's since it was looked up; then its end is another one, to the
 * nanosecond, and is left alone. What is left is a recycling between the look-up and the read right
 * behind it: it would give the new owner of the element the lifetime of one proof.
 */
INLINE bool gate_prolong(struct gate_admission *admission, __u64 expires_ns)
{
	__u64 old = read_once(admission->expires_ns);

	return old >= expires_ns ||
	       __sync_val_compare_and_swap(&admission->expires_ns, old, expires_ns) == old;
}

/* Longer for who is in, and in for who is not. Only this makes the map grow. */
INLINE enum reason gate_admit(struct gate *g, bool is_in, __u64 expires_ns)
{
	struct gate_admission *current = NULL;
	struct gate_admission admission = {
		.expires_ns = expires_ns,
		.admitted_ns = g->now_ns,
		.packet_bucket = g->now_ns,
		.syn_bucket = g->now_ns,
		.origin = ORIGIN_PROOF,
		.difficulty = g->difficulty,
	};
	struct address prefix = g->prefix;

#pragma unroll
	for (int i = 0; is_in && i < PROLONG_TRIES; i++) {
		current = gate_current(g);
		if (!current)
			break;
		if (gate_prolong(current, expires_ns))
			return REASON_NONE;
	}
	/* Whoever only loses a race must not begin anew, with fresh rates. */
	if (current || bpf_map_update_elem(&admitted, &prefix, &admission, BPF_ANY))
		return DROP_ADMISSION_FAILED;
	return REASON_NONE;
}

INLINE __u64 gate_capped_lifetime_ns(const struct gate *g)
{
	__u64 lifetime = gate_lifetime_ns(g);

	return g->lifetime_cap_ns && g->lifetime_cap_ns < lifetime ? g->lifetime_cap_ns : lifetime;
}

INLINE enum reason gate_accept(struct gate *g, const struct spent_key *key)
{
	bool is_in = gate_current(g) != NULL;
	__u64 lifetime = gate_capped_lifetime_ns(g);
	enum reason reason;

	if (!is_in && !gate_wide_allowed(g))
		return DROP_PREFIX_LIMITED;
	reason = gate_spend(g, key);
	if (reason)
		return reason;
	reason = grant_give(g, g->now_ns + lifetime);
	if (reason)
		return reason;
	reason = gate_admit(g, is_in, g->now_ns + lifetime);
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
	__u64 until = current ? read_once(current->expires_ns) : 0;

	if (until > g->now_ns)
		g->lifetime_s = (until - g->now_ns) / NS_PER_S;
}

/* bytes: of the message that it answers; a constant. */
INLINE void gate_write_verdict(struct gate *g, void *message, __u32 bytes, enum reason reason)
{
	struct gate_verdict *verdict = message;

	gate_sum_before(g, message, bytes);
	verdict->header.type = GATE_VERDICT;
	verdict->header.status = reason == ANSWER_ADMITTED ? 0 : reason;
	__builtin_memset(&verdict->lifetime_s, 0, bytes - sizeof(verdict->header));
	verdict->lifetime_s = bpf_htonl(g->lifetime_s);
	verdict->renew_after_s = bpf_htonl(g->lifetime_s / 4 * 3);
	g->answered = 1;
}

/*
 * The rest, once it is known what is wrong with the proof, if anything is. Returns an enum reason.
 * A function of its own, so that the check of the proof has its stack for itself.
 */
NO_INLINE int gate_settle_proof(struct gate *g, struct gate_proof *message,
				const struct spent_key *challenge, __u32 reason)
{
	struct spent_key key;

	if (!g || !message || !challenge)
		return DROP_PROOF;
	key = *challenge; /* 6.1 takes keys from the stack, not from an argument */
	if (!reason)
		reason = gate_accept(g, &key);
	if (reason == DROP_SPENT)
		gate_remaining(g);
	if (reason == ANSWER_ADMITTED || (reason >= DROP_SERVICE && gate_answer_allowed(g)))
		gate_write_verdict(g, message, sizeof(*message), reason);
	return reason;
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
	reason = gate_check_challenge(g, &challenge, &key);
	if (!reason)
		reason = check_proof(g, &challenge, message->proof);
	if (reason == GATE_SUSPENDED)
		return reason;
	return gate_settle_proof(g, message, &key, reason);
}

#if GATE_REQUEST_BYTES
/* A request that holds is left to the controller. */
INLINE enum reason gate_settle_request(struct gate *g, struct gate_request *message,
				       const struct spent_key *key, enum reason reason)
{
	if (!reason)
		reason = gate_spend(g, key);
	if (!reason)
		return PASS_SESSION_REQUEST;
	if (reason >= DROP_SERVICE && gate_answer_allowed(g))
		gate_write_verdict(g, message, sizeof(*message), reason);
	return reason;
}

NO_INLINE int gate_request(struct gate *g, struct gate_request *message)
{
	struct challenge challenge;
	struct spent_key key;
	enum reason reason;

	if (!g || !message)
		return DROP_MESSAGE_LENGTH;
	challenge = message->challenge;
	key.salt = challenge.salt;
	key.tag = challenge.tag;
	reason = gate_check_challenge(g, &challenge, &key);
	if (!reason)
		reason = check_request(g, &challenge, message->body);
	if (reason == GATE_SUSPENDED)
		return reason;
	return gate_settle_request(g, message, &key, reason);
}
#endif
