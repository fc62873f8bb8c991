/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations done here: on the data in work->message, behind its head. Results are left in the
 * message at the same place. Each returns an enum offload_error.
 */
#pragma once

#include "offload_text.h"

#define OFFLOAD_SIGNATURE_BYTES 64
#define OFFLOAD_VERDICT_BYTES	4

/* What sealing makes of the data: a nonce and a tag come to the text. */
INLINE __u32 offload_sealed_bytes(const struct offload_work *work)
{
	const struct offload_aead *aead = (const void *)(work->message.bytes + OFFLOAD_HEAD_BYTES);
	__u32 head = sizeof(*aead) + bpf_ntohs(aead->aad_length), length = work->head.length;

	return AEAD_NONCE + AEAD_TAG + (head <= length ? length - head : 0);
}

/* Room that an operation needs for its result. */
INLINE __u32 offload_result_min(const struct offload_work *work)
{
	switch (work->head.operation) {
	case OFFLOAD_SEAL:
		return offload_sealed_bytes(work);
	case OFFLOAD_OPEN:
		return 0;
	case OFFLOAD_VERIFY:
		return OFFLOAD_VERDICT_BYTES;
	default:
		return SHA256_DIGEST;
	}
}

INLINE enum offload_error offload_check_operation(struct offload_work *work)
{
	const struct offload_head *head = &work->head;

	if (head->operation >= OFFLOAD_OPERATIONS)
		return OFFLOAD_BAD_OPERATION;
	if (head->operation != OFFLOAD_SHA256 && !offload_key_of(head->key, head->operation))
		return OFFLOAD_BAD_KEY;
	if (head->segments == 1 && offload_result_min(work) > work->body_bytes)
		return OFFLOAD_BAD_LENGTH;
	return OFFLOAD_DONE;
}

INLINE void offload_put_digest(struct offload_work *work)
{
	__builtin_memcpy(work->message.bytes + OFFLOAD_HEAD_BYTES, work->hash.digest,
			 SHA256_DIGEST);
	work->result_bytes = SHA256_DIGEST;
}

NO_INLINE int offload_hash(struct offload_work *work)
{
	if (!work ||
	    sha256_message(&work->hash, &work->message, OFFLOAD_HEAD_BYTES, work->head.length))
		return OFFLOAD_BAD_LENGTH;
	offload_put_digest(work);
	return OFFLOAD_DONE;
}

NO_INLINE int offload_mac(struct offload_work *work)
{
	struct offload_key *key;

	if (!work)
		return OFFLOAD_BAD_KEY;
	key = offload_key_of(work->head.key, OFFLOAD_HMAC_SHA256);
	if (!key)
		return OFFLOAD_BAD_KEY;
	if (hmac_sha256_message(&work->hash, &key->hmac, &work->message, OFFLOAD_HEAD_BYTES,
				work->head.length))
		return OFFLOAD_BAD_LENGTH;
	offload_put_digest(work);
	return OFFLOAD_DONE;
}

/* The digest of what is signed in work->hash, the signature in work->signature. */
NO_INLINE int offload_prepare_verify(struct offload_work *work)
{
	__u32 length;

	if (!work)
		return OFFLOAD_BAD_KEY;
	length = work->head.length;
	if (length < OFFLOAD_SIGNATURE_BYTES)
		return OFFLOAD_BAD_LENGTH;
	length -= OFFLOAD_SIGNATURE_BYTES;
	__builtin_memcpy(&work->signature, work->message.bytes + OFFLOAD_HEAD_BYTES,
			 sizeof(work->signature));
	if (sha256_message(&work->hash, &work->message,
			   OFFLOAD_HEAD_BYTES + OFFLOAD_SIGNATURE_BYTES, length))
		return OFFLOAD_BAD_LENGTH;
	return OFFLOAD_DONE;
}

INLINE enum offload_error offload_verify(struct offload_work *work)
{
	struct offload_key *key = offload_key_of(work->head.key, OFFLOAD_VERIFY);
	enum offload_error error = offload_prepare_verify(work);
	bool holds;

	if (!key)
		return OFFLOAD_BAD_KEY;
	if (error)
		return error;
	if (p256_load_xy(&work->curve, &key->point))
		return OFFLOAD_BAD_KEY;
	holds = !p256_generic_verify(&work->curve, (struct p256_digest *)work->hash.digest,
				     &work->signature, 0);
	*(__be32 *)(work->message.bytes + OFFLOAD_HEAD_BYTES) = bpf_htonl(holds);
	work->result_bytes = OFFLOAD_VERDICT_BYTES;
	return OFFLOAD_DONE;
}

/* Additional data and text where the cipher wants them. Left: the bytes of the text and its tag. */
NO_INLINE int offload_take_text(struct offload_work *work, __u32 nonce_bytes)
{
	__u32 at = OFFLOAD_HEAD_BYTES + sizeof(struct offload_aead), aad, rest;
	const struct offload_aead *head;

	if (!work)
		return OFFLOAD_BAD_LENGTH;
	head = (const struct offload_aead *)(work->message.bytes + OFFLOAD_HEAD_BYTES);
	rest = work->head.length;
	aad = bpf_ntohs(head->aad_length);
	if (rest < sizeof(*head) + nonce_bytes || rest > OFFLOAD_BODY_MAX || head->reserved ||
	    aad > rest - sizeof(*head) - nonce_bytes)
		return OFFLOAD_BAD_LENGTH;
	__builtin_memcpy(&work->gcm.message.nonce, work->message.bytes + at, AEAD_NONCE);
	at += nonce_bytes;
	rest -= sizeof(*head) + nonce_bytes + aad;
	work->gcm.message.aad_length = aad;
	work->gcm.message.length = rest;
	offload_copy(work, at, true, aad);
	offload_copy(work, at + aad, false, rest);
	return OFFLOAD_DONE;
}

/* The nonce of what is sealed next. False: there is none left. */
INLINE bool offload_next_nonce(struct offload_key *key, __u32 *nonce)
{
	if (read_once(key->nonces) >= OFFLOAD_NONCES_MAX)
		return false;
	*nonce = __sync_fetch_and_add(&key->nonces, 1);
	return *nonce < OFFLOAD_NONCES_MAX;
}

NO_INLINE int offload_seal(struct offload_work *work)
{
	struct aead_nonce *nonce;
	struct offload_key *key;
	__u32 counter, text;
	int error;

	if (!work)
		return OFFLOAD_BAD_KEY;
	error = offload_take_text(work, 0);
	if (error)
		return error;
	key = offload_key_of(work->head.key, OFFLOAD_SEAL);
	if (!key)
		return OFFLOAD_BAD_KEY;
	if (!offload_next_nonce(key, &counter))
		return OFFLOAD_EXHAUSTED;
	nonce = &work->gcm.message.nonce;
	nonce->w[0] = key->nonce_prefix;
	nonce->w[1] = key->nonce_prefix >> 32;
	nonce->w[2] = bpf_htonl(counter);
	error = aes_gcm_soft_seal(&work->gcm.work, &key->gcm, &work->gcm.message);
	if (error)
		return error == AEAD_EXHAUSTED ? OFFLOAD_EXHAUSTED : OFFLOAD_BAD_LENGTH;
	text = work->gcm.message.length + AEAD_TAG;
	__builtin_memcpy(work->message.bytes + OFFLOAD_HEAD_BYTES, nonce, sizeof(*nonce));
	work->result_bytes = sizeof(*nonce) + text;
	offload_copy_back(work, OFFLOAD_HEAD_BYTES + sizeof(*nonce), text);
	return OFFLOAD_DONE;
}

NO_INLINE int offload_open(struct offload_work *work)
{
	struct aead_message *m;
	struct offload_key *key;
	__u64 length;
	int error;

	if (!work)
		return OFFLOAD_BAD_KEY;
	m = &work->gcm.message;
	error = offload_take_text(work, AEAD_NONCE);
	if (error)
		return error;
	length = m->length;
	if (length < AEAD_TAG)
		return OFFLOAD_BAD_LENGTH;
	m->length = length - AEAD_TAG;
	key = offload_key_of(work->head.key, OFFLOAD_OPEN);
	if (!key)
		return OFFLOAD_BAD_KEY;
	error = aes_gcm_soft_open(&work->gcm.work, &key->gcm, m);
	if (error)
		return error == AEAD_FORGED ? OFFLOAD_FORGED : OFFLOAD_EXHAUSTED;
	work->result_bytes = m->length;
	offload_copy_back(work, OFFLOAD_HEAD_BYTES, m->length);
	return OFFLOAD_DONE;
}

INLINE enum offload_error offload_compute(struct offload_work *work)
{
	switch (work->head.operation) {
	case OFFLOAD_SHA256:
		return offload_hash(work);
	case OFFLOAD_HMAC_SHA256:
		return offload_mac(work);
	case OFFLOAD_SEAL:
		return offload_seal(work);
	case OFFLOAD_OPEN:
		return offload_open(work);
	default:
		return offload_verify(work);
	}
}
