/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SHA-256 (FIPS 180-4) of messages of 0 to 9216 bytes. Constant time: what it takes depends on the
 * length alone. Minimum kernel: 5.18.
 *
 * In one go: sha256_message(), or sha256_packet() in XDP and TC. In parts: sha256_start(),
 * sha256_absorb() for all parts but the last, in whole blocks, and sha256_finish() for the rest.
 */
#pragma once

#include "hash_message.h"
#include "kfuncs.h"
#include "sha256.h"

#define SHA256_BLOCK  64
#define SHA256_DIGEST 32

/* 64 bytes as they are in the message. */
struct sha256_bytes {
	__be32 w[16];
};

/* The work of one hash, in map memory: of its own while it lasts, as the state of a CPU is. */
struct sha256 {
	struct sha256_state state;
	struct sha256_words block;
	__u64 bytes; /* in the state already */
	__be32 digest[8];
};

/* Absorbs one block of bytes. Returns 0; 1 when a pointer is NULL. */
NO_INLINE int sha256_block_of_bytes(struct sha256_state *state, const struct sha256_bytes *bytes,
				    struct sha256_words *schedule)
{
	if (!state || !bytes || !schedule)
		return 1;
	sha256_compress(state, schedule->w, bytes->w);
	return 0;
}

INLINE void sha256_start(struct sha256 *hash)
{
	hash->state = (struct sha256_state)SHA256_INIT;
	hash->bytes = 0;
}

/*
 * Absorbs whole blocks: at is 0 to MESSAGE_HEAD_MAX, length a multiple of 64, at most
 * MESSAGE_LENGTH_MAX. Returns 0; 1 for what does not fit, with the hash as it was.
 */
NO_INLINE int sha256_absorb(struct sha256 *hash, const struct message *message, __u64 at,
			    __u64 length)
{
	const __u8 *bytes;

	if (!hash || !message || !message_has(at, length) || length % SHA256_BLOCK)
		return 1;
	bytes = message->bytes + at;
	for (__u64 i = 0; i < MESSAGE_LENGTH_MAX; i += SHA256_BLOCK) {
		if (i >= length)
			break;
		sha256_block_of_bytes(&hash->state, (const struct sha256_bytes *)(bytes + i),
				      &hash->block);
	}
	hash->bytes += length;
	return 0;
}

/* The block as numbers: the first rest bytes of it, the byte end, zeros. */
INLINE void sha256_load_rest(struct sha256_words *block, const __u8 *bytes, __u64 rest, __u64 end)
{
	for (__u64 i = 0; i < SHA256_BLOCK / 8; i++) {
		__u64 two = message_rest((const __be64 *)bytes, i, rest, end);

		block->w[2 * i] = two >> 32;
		block->w[2 * i + 1] = two;
		opaque(i);
	}
}

INLINE void sha256_put_digest(struct sha256 *hash)
{
#pragma unroll
	for (int i = 0; i < 8; i++)
		hash->digest[i] = bpf_htonl(hash->state.h[i]);
}

/* Absorbs what is left, of any length, and leaves the digest. Returns as sha256_absorb() does. */
NO_INLINE int sha256_finish(struct sha256 *hash, const struct message *message, __u64 at,
			    __u64 length)
{
	__u64 rest = length % SHA256_BLOCK, whole = length - rest;

	opaque(whole); /* both have limits, of which the compiler would forget one */
	if (!hash || !message || !message_has(at, length) || !message_has(at, whole) ||
	    sha256_absorb(hash, message, at, whole))
		return 1;
	sha256_load_rest(&hash->block, message->bytes + at + whole, rest, 0x80);
	if (rest >= SHA256_BLOCK - 8) {
		sha256_block(&hash->state, &hash->block);
		__builtin_memset(&hash->block, 0, sizeof(hash->block));
	}
	hash->bytes += rest;
	hash->block.w[14] = hash->bytes >> 29;
	hash->block.w[15] = hash->bytes << 3;
	sha256_block(&hash->state, &hash->block);
	sha256_put_digest(hash);
	return 0;
}

/* In one go: leaves the digest in hash->digest. Returns as sha256_absorb() does. */
INLINE int sha256_message(struct sha256 *hash, const struct message *message, __u64 at,
			  __u64 length)
{
	sha256_start(hash);
	return sha256_finish(hash, message, at, length);
}

/* The kernel's own, where it has one. Returns 0 when the digest is there. */
INLINE int sha256_by_kernel(struct sha256 *hash, struct message *message, __u64 at, __u64 length)
{
	struct bpf_dynptr data, digest;

	if (!bpf_ksym_exists(bpf_sha256_hash) || !message_has(at, length))
		return 1;
	if (bpf_dynptr_from_mem(message->bytes + at, length, 0, &data) ||
	    bpf_dynptr_from_mem(hash->digest, SHA256_DIGEST, 0, &digest))
		return 1;
	return bpf_sha256_hash(&data, &digest);
}

/*
 * As sha256_message(), for XDP and TC alone: where the kernel has a function of its own, that is
 * the one, decided when the program is loaded. Kernels refuse it to other programs. Both pointers
 * are of values that this program looked up.
 */
INLINE int sha256_packet(struct sha256 *hash, struct message *message, __u64 at, __u64 length)
{
	opaque(at);
	opaque(length);
	if (!sha256_by_kernel(hash, message, at, length))
		return 0;
	return sha256_message(hash, message, at, length);
}
