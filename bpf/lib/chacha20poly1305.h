/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The AEAD ChaCha20-Poly1305 (RFC 8439, section 2.8) in any program. Constant time: what it takes
 * depends on the lengths alone. Texts of 0 to 9216 bytes, additional data of 0 to 1024. Minimum
 * kernel: 5.18.
 *
 *	aead_nonce(&message->nonce, &key->iv, counter);
 *	message->aad_length = …, message->length = …;
 *	error = chacha20poly1305_seal(work, &key->tx, message);
 *
 * and text and tag, message->length + AEAD_TAG bytes, are ready to be sent. A nonce must never come
 * twice under a key: that is the caller's to see to.
 */
#pragma once

#include "aead.h"
#include "chacha20.h"
#include "poly1305.h"

/* A key seals as many messages as it has nonces. */
#define CHACHA20POLY1305_SEALS_MAX ~0ULL
/* RFC 9001, section 6.6: more forgeries could be tried than is safe. */
#define CHACHA20POLY1305_REFUSED_MAX (1ULL << 36)

/* One direction. In a map of which all CPUs see the same value. */
struct chacha20poly1305_key {
	struct aead_usage usage;
	struct chacha20_key key;
};

/* The work of one message: with it in a per-CPU array. */
struct chacha20poly1305 {
	struct chacha20_state state;
	struct chacha20_block first; /* of the stream: Poly1305's key */
	struct poly1305 mac;
	struct aead_tag tag;
};

INLINE void chacha20poly1305_start(struct chacha20poly1305 *work, const struct chacha20_key *key,
				   const struct aead_message *message)
{
	chacha20_start(&work->state, key, message->nonce.w);
	__builtin_memset(&work->first, 0, sizeof(work->first));
	chacha20_xor(&work->state, &work->first);
	poly1305_start(&work->mac, (const struct poly1305_key *)&work->first);
}

/* Encrypts or decrypts; what comes after the text is not kept. */
INLINE void chacha20poly1305_crypt(struct chacha20poly1305 *work, struct aead_message *message)
{
	__u64 length = aead_text_length(message);

	for (__u64 i = 0; i < AEAD_TEXT_MAX; i += AEAD_BLOCK) {
		if (i >= length)
			break;
		chacha20_xor(&work->state, (struct chacha20_block *)(message->text + i));
	}
}

/* Of what message->text is now. */
INLINE void chacha20poly1305_mac(struct chacha20poly1305 *work, struct aead_message *message,
				 const struct aead_lengths *lengths)
{
	const struct poly1305_key *key = (const struct poly1305_key *)&work->first;

	aead_pad(message, lengths);
	poly1305_absorb(&work->mac, message->aad, aead_aad_length(message), AEAD_AAD_MAX);
	poly1305_absorb(&work->mac, message->text, aead_text_length(message), AEAD_TEXT_MAX);
	poly1305_one_block(&work->mac, (const struct poly1305_block *)lengths);
	poly1305_finish(&work->mac, key, work->tag.w);
}

/*
 * Encrypts message->text in place and puts the tag after it. Returns AEAD_DONE, AEAD_UNFIT,
 * AEAD_EXHAUSTED.
 */
NO_INLINE int chacha20poly1305_seal(struct chacha20poly1305 *work, struct chacha20poly1305_key *key,
				    struct aead_message *message)
{
	struct aead_lengths lengths;

	if (!work || !key || !message || !aead_lengths(&lengths, message))
		return AEAD_UNFIT;
	if (!aead_may_seal(&key->usage, CHACHA20POLY1305_SEALS_MAX))
		return AEAD_EXHAUSTED;
	chacha20poly1305_start(work, &key->key, message);
	chacha20poly1305_crypt(work, message);
	chacha20poly1305_mac(work, message, &lengths);
	*aead_tag(message, &lengths) = work->tag;
	return AEAD_DONE;
}

/*
 * Checks the tag that comes after message->text, and only then decrypts in place. Returns
 * AEAD_DONE, AEAD_UNFIT, AEAD_EXHAUSTED, AEAD_FORGED: then the text is as it came.
 */
NO_INLINE int chacha20poly1305_open(struct chacha20poly1305 *work, struct chacha20poly1305_key *key,
				    struct aead_message *message)
{
	struct aead_lengths lengths;
	struct aead_tag tag;

	if (!work || !key || !message || !aead_lengths(&lengths, message))
		return AEAD_UNFIT;
	if (!aead_may_open(&key->usage, CHACHA20POLY1305_REFUSED_MAX))
		return AEAD_EXHAUSTED;
	tag = *aead_tag(message, &lengths);
	chacha20poly1305_start(work, &key->key, message);
	chacha20poly1305_mac(work, message, &lengths);
	if (aead_tags_differ(&tag, &work->tag)) {
		aead_count_refused(&key->usage);
		return AEAD_FORGED;
	}
	chacha20poly1305_crypt(work, message);
	return AEAD_DONE;
}
