/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AES-256-GCM (NIST SP 800-38D) in any program, as those of tracepoints, which the kernel's ciphers
 * are not for. Constant time: bitsliced AES, GHASH without tables. Texts of 0 to 9216 bytes,
 * additional data of 0 to 1024. Minimum kernel: 5.18.
 *
 * Several times slower than aes_gcm.h and chacha20poly1305.h: for where AES is asked for.
 */
#pragma once

#include "aes.h"
#include "gcm.h"

/* One direction. In a map of which all CPUs see the same value. */
struct aes_gcm_soft_key {
	struct aead_usage usage;
	struct ghash_subkey subkey;
	struct aes256 aes;
};

/* The work of one message: with it in a per-CPU array. */
struct aes_gcm_soft {
	struct gcm gcm;
	struct aes_slices slices;
};

/* Makes a key that nothing was sealed with. Returns 0; 1 when a pointer is NULL. */
NO_INLINE int aes_gcm_soft_prepare(struct aes_gcm_soft_key *key, const struct aes256_key *secret,
				   struct aes_gcm_soft *work)
{
	struct aes_blocks *zeros;

	if (!key || !secret || !work)
		return 1;
	zeros = (struct aes_blocks *)work->gcm.stream;
	aes256_expand(&key->aes, secret);
	__builtin_memset(zeros, 0, sizeof(*zeros));
	aes256_encrypt(&key->aes, zeros, &work->slices);
	__builtin_memcpy(&key->subkey, zeros, sizeof(key->subkey));
	__builtin_memset(&key->usage, 0, sizeof(key->usage));
	return 0;
}

/* The encrypted counters of this message. */
INLINE void aes_gcm_soft_stream(struct aes_gcm_soft *work, const struct aes256 *aes,
				const struct aead_message *message)
{
	__u64 text = aead_text_length(message);

	gcm_counters(&work->gcm, message);
	for (__u64 i = 0; i < sizeof(work->gcm.stream); i += AES_BLOCKS) {
		if (i >= GHASH_BLOCK + text)
			break;
		aes256_encrypt(aes, (struct aes_blocks *)(work->gcm.stream + i), &work->slices);
	}
}

/*
 * Encrypts message->text in place and puts the tag after it. Returns AEAD_DONE, AEAD_UNFIT,
 * AEAD_EXHAUSTED.
 */
NO_INLINE int aes_gcm_soft_seal(struct aes_gcm_soft *work, struct aes_gcm_soft_key *key,
				struct aead_message *message)
{
	struct aead_lengths lengths;

	if (!work || !key || !message || !aead_lengths(&lengths, message))
		return AEAD_UNFIT;
	if (!aead_may_seal(&key->usage, GCM_SEALS_MAX))
		return AEAD_EXHAUSTED;
	aes_gcm_soft_stream(work, &key->aes, message);
	gcm_seal(&work->gcm, GHASH_TABLE_FREE, &key->subkey, message, &lengths);
	return AEAD_DONE;
}

/*
 * Checks the tag that comes after message->text, and only then decrypts in place. Returns
 * AEAD_DONE, AEAD_UNFIT, AEAD_EXHAUSTED, AEAD_FORGED: then the text is as it came.
 */
NO_INLINE int aes_gcm_soft_open(struct aes_gcm_soft *work, struct aes_gcm_soft_key *key,
				struct aead_message *message)
{
	struct aead_lengths lengths;

	if (!work || !key || !message || !aead_lengths(&lengths, message))
		return AEAD_UNFIT;
	if (!aead_may_open(&key->usage, GCM_REFUSED_MAX))
		return AEAD_EXHAUSTED;
	aes_gcm_soft_stream(work, &key->aes, message);
	return gcm_open(&work->gcm, GHASH_TABLE_FREE, &key->subkey, message, &lengths, &key->usage);
}
