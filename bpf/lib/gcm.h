/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What there is to GCM (NIST SP 800-38D) beside the block cipher, for nonces of 12 bytes: counter
 * blocks, which the cipher encrypts where they lie, the sum with the text, and the tag.
 */
#pragma once

#include "aead.h"
#include "ghash.h"

/* SP 800-38D, section 8.3: messages under one key. */
#define GCM_SEALS_MAX (1ULL << 32)
/* RFC 9001, section 6.6: forgeries that may be tried under one key. */
#define GCM_REFUSED_MAX (1ULL << 52)

/* The work of one message: with it in a per-CPU array. The first block of the stream is the tag's.
 */
struct gcm {
	__u8 stream[GHASH_BLOCK + AEAD_TEXT_MAX + AEAD_BLOCK - GHASH_BLOCK];
	struct ghash hash;
	struct aead_tag tag;
	struct ghash_chunk last; /* one block: the lengths */
};

/* Bytes of the stream that a text needs, in whole blocks. */
INLINE __u64 gcm_stream_bytes(__u64 text)
{
	return GHASH_BLOCK + ((text + GHASH_BLOCK - 1) & ~(GHASH_BLOCK - 1ULL));
}

/* Nonce and counter, from counter 1, as many blocks as the text needs. Returns 0; 1 for NULL. */
NO_INLINE int gcm_counters(struct gcm *work, const struct aead_message *message)
{
	struct aead_lengths lengths;
	__u64 first, second;

	if (!work || !message || !aead_lengths(&lengths, message))
		return 1;
	first = message->nonce.w[0] | (__u64)message->nonce.w[1] << 32;
	second = message->nonce.w[2];
	for (__u64 i = 0; i < sizeof(work->stream); i += AEAD_BLOCK) {
		__u64 *blocks;

		opaque(i);
		if (i >= GHASH_BLOCK + lengths.text)
			break;
		blocks = (__u64 *)(work->stream + i);
#pragma unroll
		for (__u64 k = 0; k < AEAD_BLOCK / GHASH_BLOCK; k++) {
			__u32 counter = i / GHASH_BLOCK + k + 1;

			blocks[2 * k] = first;
			blocks[2 * k + 1] = second | (__u64)bpf_htonl(counter) << 32;
		}
	}
	return 0;
}

/* Text and stream; what comes after the text is not kept. Returns 0; 1 for NULL. */
NO_INLINE int gcm_crypt(const struct gcm *work, struct aead_message *message)
{
	struct aead_lengths lengths;

	if (!work || !message || !aead_lengths(&lengths, message))
		return 1;
	for (__u64 i = 0; i < AEAD_TEXT_MAX; i += AEAD_BLOCK) {
		const __u64 *stream;
		__u64 *text;

		opaque(i); /* or it counts from -64, which is out of bounds for 7.3 */
		if (i >= lengths.text)
			break;
		stream = (const __u64 *)(work->stream + GHASH_BLOCK + i);
		text = (__u64 *)(message->text + i);
#pragma unroll
		for (int k = 0; k < AEAD_BLOCK / 8; k++)
			text[k] ^= stream[k];
	}
	return 0;
}

/* Of what message->text is now, to work->tag. */
INLINE void gcm_mac(struct gcm *work, enum ghash_kind kind, const void *key,
		    struct aead_message *message, const struct aead_lengths *lengths)
{
	const __u64 *stream = (const __u64 *)work->stream;
	struct ghash *hash = &work->hash;
	__be64 *last = (__be64 *)work->last.w;

	aead_pad(message, lengths);
	hash->y[0] = 0;
	hash->y[1] = 0;
	ghash_absorb(hash, kind, key, message->aad, aead_aad_length(message), AEAD_AAD_MAX);
	ghash_absorb(hash, kind, key, message->text, aead_text_length(message), AEAD_TEXT_MAX);
	last[0] = bpf_cpu_to_be64(lengths->aad * 8);
	last[1] = bpf_cpu_to_be64(lengths->text * 8);
	ghash_absorb(hash, kind, key, (const __u8 *)&work->last, GHASH_BLOCK, GHASH_CHUNK);
	work->tag.w[0] = hash->y[0] ^ stream[0];
	work->tag.w[1] = hash->y[1] ^ stream[1];
}

/*
 * Encrypts the text by the stream and puts the tag after it. The work's stream is the encrypted
 * counters of this message.
 */
INLINE void gcm_seal(struct gcm *work, enum ghash_kind kind, const void *key,
		     struct aead_message *message, const struct aead_lengths *lengths)
{
	gcm_crypt(work, message);
	gcm_mac(work, kind, key, message, lengths);
	*aead_tag(message, lengths) = work->tag;
}

/* Checks the tag, and only then decrypts. */
INLINE enum aead_result gcm_open(struct gcm *work, enum ghash_kind kind, const void *key,
				 struct aead_message *message, const struct aead_lengths *lengths,
				 struct aead_usage *usage)
{
	struct aead_tag tag = *aead_tag(message, lengths);

	gcm_mac(work, kind, key, message, lengths);
	if (aead_tags_differ(&tag, &work->tag)) {
		aead_count_refused(usage);
		return AEAD_FORGED;
	}
	gcm_crypt(work, message);
	return AEAD_DONE;
}
