/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of the program; what the gate asks a feature. */
#pragma once

#include "gate.h"
#include "pki_receipt.h"

#define PKI_TRANSCRIPT_BYTES 80 /* challenge, source, digest of the certificates */

/* What is in front of the certificates. They are read later, with the packet at hand. */
NO_INLINE int pki_head_check(struct gate *g, const struct challenge *challenge,
			     const struct pki_head *head, __u32 is_request)
{
	struct pki_work *work = work_now();

	if (!g || !work || !challenge || !head)
		return DROP_PROOF;
	if (head->reserved)
		return DROP_MESSAGE_FORMAT;
	work->kind = head->kind;
	work->count = head->count;
	work->is_request = is_request;
	work->challenge = *challenge;
	work->now_s = gate_wall_ms(g->now_ns) / 1000;
	__builtin_memcpy(&work->proof, head->signature, sizeof(work->proof));
	if (work->kind == PKI_VOUCHER)
		return work->count || is_request ? DROP_MESSAGE_FORMAT : GATE_SUSPENDED;
	if (work->kind != PKI_CHAIN && work->kind != PKI_RECEIPT_CHAIN)
		return DROP_MESSAGE_FORMAT;
	return work->count - 1 < PKI_CERTIFICATES_MAX ? GATE_SUSPENDED : DROP_CHAIN_FORMAT;
}

INLINE enum reason check_proof(struct gate *g, const struct challenge *challenge, const __u8 *proof)
{
	return pki_head_check(g, challenge, (const struct pki_head *)proof, 0);
}

INLINE enum reason check_request(struct gate *g, const struct challenge *challenge,
				 const __u8 *body)
{
	return pki_head_check(g, challenge, (const struct pki_head *)body, 1);
}

/* Returns an enum reason, or GATE_SUSPENDED. */
NO_INLINE int pki_first(struct __sk_buff *ctx, struct gate *g)
{
	return g ? gate_judge(ctx, g) : DROP_TRUNCATED;
}

/* The certificates, once and for all: whoever sent the packet may still write to its memory. */
INLINE bool pki_load(struct __sk_buff *ctx, struct pki_work *work)
{
	const struct packet *p = &work->gate.packet;

	work->at = 0;
	work->length = p->l4_length - sizeof(struct udphdr) - PKI_CERTIFICATES_AT;
	return !message_load_skb(&work->message, 0, ctx,
				 p->l4_offset + sizeof(struct udphdr) + PKI_CERTIFICATES_AT,
				 work->length);
}

/* Whether these certificates were verified before; the digest is of what the holder signs, too. */
INLINE bool pki_recall(struct pki_work *work)
{
	struct pki_chain_key key = {.id = work->basis.id};

	pki_hash(work, (struct der_span){.at = work->at, .length = work->length});
	__builtin_memcpy(work->digest, work->hash.digest, sizeof(work->digest));
	__builtin_memcpy(key.digest, work->hash.digest, sizeof(key.digest));
	return work->kind == PKI_CHAIN && bpf_map_lookup_elem(&verified, &key);
}

/* The keys that the chain rests on, none of which may be revoked. Returns an enum reason. */
NO_INLINE int pki_check_keys(struct pki_work *work)
{
	struct pki_keys *keys;

	if (!work)
		return DROP_CERT_REVOKED;
	keys = &work->grant.keys;
	__builtin_memset(keys, 0, sizeof(*keys));
	keys->id[0] = work->certificate[0].subject_key;
	for (__u32 i = 0; i < PKI_CERTIFICATES_MAX; i++) {
		if (i < work->count)
			keys->id[i + 1] = work->certificate[i].authority_key;
	}
	return pki_keys_check(keys);
}

/* All that needs no curve. Returns an enum reason. */
NO_INLINE int pki_chain(struct __sk_buff *ctx, struct pki_work *work)
{
	int reason;

	if (!work)
		return DROP_CHAIN_FORMAT;
	work->step = work->steps = 0;
	if (work->kind == PKI_VOUCHER)
		return pki_use_voucher(work);
	if (!pki_load(ctx, work))
		return DROP_CHAIN_FORMAT;
	if (work->kind == PKI_RECEIPT_CHAIN) {
		reason = pki_use_receipt(work);
		if (reason)
			return reason;
	}
	reason = pki_split(work);
	if (reason)
		return reason;
	if (work->kind == PKI_CHAIN) {
		reason = pki_find_authority(work);
		if (reason)
			return reason;
	}
	reason = pki_walk(work);
	if (reason)
		return reason;
	reason = pki_check_keys(work);
	if (reason)
		return reason;
	work->is_known = pki_recall(work);
	work->step = work->is_known ? work->count : 0;
	work->steps = work->count + !work->is_request;
	return REASON_NONE;
}

/* What the holder signs. */
INLINE void pki_hash_transcript(struct pki_work *work)
{
	__u8 *scratch = work->message.bytes + PKI_SCRATCH_AT;

	__builtin_memcpy(scratch, &work->challenge, 32);
	__builtin_memcpy(scratch + 32, &work->gate.packet.source, 16);
	__builtin_memcpy(scratch + 48, work->digest, 32);
	work->hash.state = pki_config_now()->transcript;
	work->hash.bytes = SHA256_BLOCK;
	sha256_finish(&work->hash, &work->message, PKI_SCRATCH_AT, PKI_TRANSCRIPT_BYTES);
}

/* The next signature: certificates from the top down, then the holder's. Returns an enum reason. */
NO_INLINE int pki_prepare(struct pki_work *work)
{
	const struct pki_config *config = pki_config_now();
	const struct x509 *c;
	__u32 i;

	if (!work)
		return DROP_CERT_SIGNATURE;
	if (!curve_take_source(&work->gate, &config->source_rate, 1))
		return DROP_SOURCE_BUDGET;
	if (!curve_take_all(&work->gate, &config->all_rate, 1))
		return DROP_CURVE_BUDGET;
	i = work->count - work->step; /* of its issuer, in the message */
	work->table = work->step ? 0 : work->top.table;
	c = pki_certificate(work, i);
	work->point = work->step ? c->point : work->top.point;
	if (!i) {
		work->signature = work->proof;
		pki_hash_transcript(work);
		return REASON_NONE;
	}
	c = pki_certificate(work, i - 1);
	work->signature = c->signature;
	return pki_hash(work, c->tbs) ? DROP_CERT_SIGNATURE : REASON_NONE;
}

INLINE enum reason pki_not_signed(const struct pki_work *work)
{
	return work->step == work->count ? DROP_PROOF : DROP_CERT_SIGNATURE;
}

/* Whether the signature that was prepared holds. Returns an enum reason. */
NO_INLINE int pki_verify(struct pki_work *work)
{
	const struct p256_digest *digest;
	int error = P256_NO_KEY;

	if (!work)
		return DROP_CERT_SIGNATURE;
	digest = (const struct p256_digest *)work->hash.digest;
	if (work->table)
		error = p256_ecdsa_verify(&work->curve.common, work->table - 1, digest,
					  &work->signature, 0);
	if (error == P256_NO_KEY) {
		error = p256_load_xy(&work->curve, &work->point);
		if (!error)
			error = p256_generic_verify(&work->curve, digest, &work->signature, 0);
	}
	if (error)
		return pki_not_signed(work);
	work->step++;
	return REASON_NONE;
}

/* Only chains whose holder proved himself. */
INLINE void pki_remember(const struct pki_work *work)
{
	struct pki_chain_key key = {.id = work->basis.id};
	__u32 yes = 1;

	if (work->is_known || work->kind != PKI_CHAIN)
		return;
	__builtin_memcpy(key.digest, work->digest, sizeof(key.digest));
	bpf_map_update_elem(&verified, &key, &yes, BPF_ANY);
}

INLINE enum reason pki_settle_request(struct gate_proof *message, struct pki_work *work)
{
	if (!gate_answer_allowed(&work->gate))
		return DROP_REPLY_LIMITED;
	pki_write_receipt(work, message);
	return ANSWER_RECEIPT;
}

/* What is wrong, if anything is, is known. Returns an enum reason. */
NO_INLINE int pki_last(struct __sk_buff *ctx, struct pki_work *work, __u32 reason)
{
	struct gate_proof *message;
	struct spent_key key;

	if (!work)
		return DROP_PROOF;
	message = gate_proof_payload(ctx, &work->gate.packet);
	if (!message)
		return DROP_MESSAGE_LENGTH;
	if (work->is_request && !reason)
		return pki_settle_request(message, work);
	work->gate.lifetime_cap_ns = (work->issuer.not_after_s - work->now_s + 1) * NS_PER_S;
	key.salt = work->challenge.salt;
	key.tag = work->challenge.tag;
	reason = gate_settle_proof(&work->gate, message, &key, reason);
	if (reason == ANSWER_ADMITTED)
		pki_remember(work);
	return reason;
}
