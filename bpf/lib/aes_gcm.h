/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AES-256-GCM (NIST SP 800-38D) by the kernel's AES, in XDP and TC programs: one call encrypts all
 * counter blocks of a message, the rest is BPF. Texts of 0 to 9216 bytes, additional data of 0 to
 * 1024. Minimum kernel: 6.10.
 *
 * A key consists of its cipher, which a syscall program makes; its tables or subkey for GHASH,
 * which user space computes; and its usage. A nonce must never come twice under a key: that is the
 * caller's to see to.
 *
 * How much it tells who shares the cache depends on both: the driver (aes-generic has tables,
 * aes-fixed-time and AES instructions do not) and the kind of GHASH.
 */
#pragma once

#include "bpf_crypto.h"
#include "gcm.h"

/* An element of an array or hash map. */
struct aes_gcm_cipher {
	struct bpf_crypto_ctx __kptr *ctx;
};

#define AES_GCM_DRIVER_MAX 64

/* The context of a syscall program. The key is wiped in it, whatever comes of it. */
struct aes_gcm_setup {
	__u32 index; /* of the cipher, in a map of the program's */
	__s32 error;
	/* "ecb(aes)": the kernel's choice. "ecb(aes-generic)": a cipher that /proc/crypto lists. */
	char driver[AES_GCM_DRIVER_MAX];
	__u8 key[AEAD_KEY];
};

INLINE struct bpf_crypto_ctx *aes_gcm_context(struct aes_gcm_setup *setup)
{
	struct bpf_crypto_params params = {.type = "skcipher", .key_len = AEAD_KEY};
	struct bpf_crypto_ctx *ctx;
	int error = 0;

	__builtin_memcpy(params.algo, setup->driver, sizeof(setup->driver) - 1);
	__builtin_memcpy(params.key, setup->key, sizeof(setup->key));
	__builtin_memset(setup->key, 0, sizeof(setup->key));
	ctx = bpf_crypto_ctx_create(&params, sizeof(params), &error);
	__builtin_memset(params.key, 0, AEAD_KEY);
	asm volatile("" ::"r"(&params) : "memory"); /* or the compiler leaves that out */
	setup->error = error;
	return ctx;
}

/*
 * Makes the cipher, in a syscall program. One that was there before goes when no program is at work
 * with it. Returns 0; 1 with the reason in setup->error.
 */
INLINE int aes_gcm_make(struct aes_gcm_cipher *cipher, struct aes_gcm_setup *setup)
{
	struct bpf_crypto_ctx *ctx = aes_gcm_context(setup);

	if (!ctx)
		return 1;
	ctx = bpf_kptr_xchg(&cipher->ctx, ctx);
	if (ctx)
		bpf_crypto_ctx_release(ctx);
	return 0;
}

/* Encrypts bytes of the stream. The IV of no bytes is what ECB takes on all kernels. */
INLINE int aes_gcm_encrypt(struct bpf_crypto_ctx *ctx, struct gcm *work, __u64 bytes)
{
	struct bpf_dynptr stream, no_iv;

	opaque(bytes);
	if (bytes > sizeof(work->stream))
		return 1;
	if (bpf_dynptr_from_mem(work->stream, bytes, 0, &stream) ||
	    bpf_dynptr_from_mem(work->stream, 0, 0, &no_iv))
		return 1;
	return bpf_crypto_encrypt(ctx, &stream, &stream, &no_iv);
}

INLINE enum aead_result aes_gcm_stream(const struct aes_gcm_cipher *cipher, struct gcm *work,
				       const struct aead_message *message,
				       const struct aead_lengths *lengths)
{
	struct bpf_crypto_ctx *ctx = cipher->ctx;

	if (!ctx || gcm_counters(work, message) ||
	    aes_gcm_encrypt(ctx, work, gcm_stream_bytes(lengths->text)))
		return AEAD_NO_CIPHER;
	return AEAD_DONE;
}

/*
 * Encrypts message->text in place and puts the tag after it. ghash: what belongs to the kind, which
 * is a constant when the program is loaded. All pointers are of values that this program looked up.
 */
INLINE enum aead_result aes_gcm_seal(const struct aes_gcm_cipher *cipher, struct aead_usage *usage,
				     enum ghash_kind kind, const void *ghash, struct gcm *work,
				     struct aead_message *message)
{
	struct aead_lengths lengths;
	enum aead_result error;

	if (!aead_lengths(&lengths, message))
		return AEAD_UNFIT;
	if (!aead_may_seal(usage, GCM_SEALS_MAX))
		return AEAD_EXHAUSTED;
	error = aes_gcm_stream(cipher, work, message, &lengths);
	if (error)
		return error;
	gcm_seal(work, kind, ghash, message, &lengths);
	return AEAD_DONE;
}

/*
 * Checks the tag that comes after message->text, and only then decrypts in place; AEAD_FORGED: the
 * text is as it came. Arguments as above.
 */
INLINE enum aead_result aes_gcm_open(const struct aes_gcm_cipher *cipher, struct aead_usage *usage,
				     enum ghash_kind kind, const void *ghash, struct gcm *work,
				     struct aead_message *message)
{
	struct aead_lengths lengths;
	enum aead_result error;

	if (!aead_lengths(&lengths, message))
		return AEAD_UNFIT;
	if (!aead_may_open(usage, GCM_REFUSED_MAX))
		return AEAD_EXHAUSTED;
	error = aes_gcm_stream(cipher, work, message, &lengths);
	if (error)
		return error;
	return gcm_open(work, kind, ghash, message, &lengths, usage);
}
