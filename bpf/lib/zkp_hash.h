/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proofs by a secret that both ends know: HMAC-SHA-256 over all that the proof is for, or, for
 * devices that have no more than a hash, SHA-256(secret || challenge). The gate could make such
 * proofs itself, and knows by whom each is.
 */
#pragma once

#include "../zkp.h"
#include "gate_wire.h"
#include "hmac_message.h"
#include "zkp_birth.h"

enum zkp_hash_form {
	ZKP_HMAC = 1,
	ZKP_SHA256 = 2,
};

struct zkp_key {
	/*
	 * ZKP_HMAC: SHA-256 after the padded key, and inside after label || audience as well.
	 * ZKP_SHA256: the secret, 32 bytes as numbers, is the first one.
	 */
	struct hmac_sha256_key secret;
	__u64 until_ns; /* boot clock; 0: for ever */
	enum zkp_hash_form form;
	__u32 reserved;
};

#include "zkp_keys.h"

#define ZKP_CLAIM_WORDS 13 /* challenge[32] || source[16] || key id || zero */

INLINE void zkp_numbers(__u32 *to, const void *bytes, int count)
{
	const __be32 *from = bytes;

#pragma unroll
	for (int i = 0; i < count; i++)
		to[i] = bpf_ntohl(from[i]);
}

INLINE void zkp_end_block(struct sha256_words *block, int words, __u32 bytes)
{
#pragma unroll
	for (int i = words; i < 16; i++)
		block->w[i] = 0;
	block->w[words] = 0x80000000;
	block->w[15] = bytes * 8;
}

/* digest = HMAC-SHA-256(secret, label || audience || claim) */
INLINE void zkp_hmac(struct sha256_state *digest, const struct zkp_key *key,
		     const struct challenge *challenge, const struct gate *g)
{
	struct sha256_words block;

	zkp_numbers(block.w, challenge, 8);
	zkp_numbers(block.w + 8, &g->packet.source, 4);
	block.w[12] = (__u32)g->subject << 16;
	zkp_end_block(&block, ZKP_CLAIM_WORDS, 2 * SHA256_BLOCK + 4 * ZKP_CLAIM_WORDS);
	*digest = key->secret.inner;
	sha256_block(digest, &block);
	__builtin_memcpy(block.w, digest->h, sizeof(digest->h));
	zkp_end_block(&block, 8, SHA256_BLOCK + SHA256_DIGEST);
	*digest = key->secret.outer;
	sha256_block(digest, &block);
}

/* digest = SHA-256(secret || challenge), which is a block, and one of padding. */
INLINE void zkp_sha256(struct sha256_state *digest, const struct zkp_key *key,
		       const struct challenge *challenge)
{
	const struct sha256_state start = SHA256_INIT;
	struct sha256_words block;

	__builtin_memcpy(block.w, key->secret.inner.h, 32);
	zkp_numbers(block.w + 8, challenge, 8);
	*digest = start;
	sha256_block(digest, &block);
	zkp_end_block(&block, 0, SHA256_BLOCK);
	sha256_block(digest, &block);
}

/* Constant time. */
INLINE bool zkp_digest_is(const struct sha256_state *digest, const __u8 *response)
{
	const __be32 *words = (const __be32 *)response;
	__u32 difference = 0;

#pragma unroll
	for (int i = 0; i < 8; i++) {
		difference |= digest->h[i] ^ bpf_ntohl(words[i]);
		opaque(difference);
	}
	return !difference;
}

/* What check_proof() returns. */
NO_INLINE int zkp_hash_check(struct gate *g, const struct challenge *challenge,
			     const struct zkp_hash *proof)
{
	const struct zkp_key *key;
	struct sha256_state digest;

	if (!g || !challenge || !proof)
		return DROP_PROOF;
	if (proof->reserved)
		return DROP_MESSAGE_FORMAT;
	g->subject = bpf_ntohs(proof->key_id);
	key = zkp_key_of(g->subject);
	if (!key)
		return DROP_KEY_UNKNOWN;
	if (zkp_is_over(key->until_ns, g->now_ns))
		return DROP_KEY_EXPIRED;
	if (key->form == ZKP_HMAC)
		zkp_hmac(&digest, key, challenge, g);
	else if (key->form == ZKP_SHA256)
		zkp_sha256(&digest, key, challenge);
	else
		return DROP_KEY_UNKNOWN;
	return zkp_digest_is(&digest, proof->response) ? REASON_NONE : DROP_PROOF;
}
