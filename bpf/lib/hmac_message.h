/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HMAC-SHA-256 (RFC 2104) of messages of 0 to 9216 bytes under keys of as many. A key is prepared
 * once, to what SHA-256 is after its padded block: half the work for short messages. Constant time:
 * what it takes depends on the lengths alone. Minimum kernel: 5.18.
 */
#pragma once

#include "sha256_message.h"

#define HMAC_TAG_MIN 16 /* bytes: half the hash, RFC 2104 section 5 */

/* As secret as the key itself. All zeros are no key. */
struct hmac_sha256_key {
	struct sha256_state inner;
	struct sha256_state outer;
};

/* The block after the key's, of a message of 32 bytes: a digest, as numbers. */
INLINE void hmac_sha256_outer(struct sha256 *hash, const struct hmac_sha256_key *key)
{
	struct sha256_words *block = &hash->block;

	__builtin_memset(block, 0, sizeof(*block));
	__builtin_memcpy(block->w, hash->state.h, sizeof(hash->state.h));
	block->w[8] = 0x80000000;
	block->w[15] = (SHA256_BLOCK + SHA256_DIGEST) * 8;
	hash->state = key->outer;
	sha256_block(&hash->state, block);
}

/* Leaves the tag in hash->digest. Returns as sha256_absorb() does. */
NO_INLINE int hmac_sha256_message(struct sha256 *hash, const struct hmac_sha256_key *key,
				  const struct message *message, __u64 at, __u64 length)
{
	if (!hash || !key)
		return 1;
	hash->state = key->inner;
	hash->bytes = SHA256_BLOCK;
	if (sha256_finish(hash, message, at, length))
		return 1;
	hmac_sha256_outer(hash, key);
	sha256_put_digest(hash);
	return 0;
}

/* A key of more than a block counts as its hash, which is in hash->state then. */
INLINE void hmac_sha256_load_key(struct sha256 *hash, const __u8 *bytes, __u64 length)
{
	if (length <= SHA256_BLOCK) {
		sha256_load_rest(&hash->block, bytes, length, 0);
		return;
	}
	__builtin_memset(&hash->block, 0, sizeof(hash->block));
	__builtin_memcpy(hash->block.w, hash->state.h, sizeof(hash->state.h));
}

/* The state after the block of the key and a pad. */
INLINE void hmac_sha256_pad(struct sha256_state *state, struct sha256 *hash, const __u8 *bytes,
			    __u64 length, __u32 pad)
{
	hmac_sha256_load_key(hash, bytes, length);
#pragma unroll
	for (int i = 0; i < 16; i++)
		hash->block.w[i] ^= pad;
	*state = (struct sha256_state)SHA256_INIT;
	sha256_block(state, &hash->block);
}

/*
 * Prepares the key that lies in the message: at is 0 to MESSAGE_HEAD_MAX, length 0 to
 * MESSAGE_LENGTH_MAX. Nothing of it is left in hash. Returns 0; 1 for what does not fit.
 */
NO_INLINE int hmac_sha256_prepare(struct hmac_sha256_key *key, struct sha256 *hash,
				  const struct message *message, __u64 at, __u64 length)
{
	const __u8 *bytes;

	if (!key || !hash || !message || !message_has(at, length))
		return 1;
	if (length > SHA256_BLOCK) {
		sha256_start(hash);
		sha256_finish(hash, message, at, length);
	}
	bytes = message->bytes + at;
	hmac_sha256_pad(&key->inner, hash, bytes, length, 0x36363636);
	hmac_sha256_pad(&key->outer, hash, bytes, length, 0x5c5c5c5c);
	__builtin_memset(hash, 0, sizeof(*hash));
	return 0;
}

/*
 * Whether the first bytes of the digest are the tag. Constant time. No tag has less than
 * HMAC_TAG_MIN bytes; 32 of it can be read, however many count.
 */
INLINE bool hmac_sha256_tag_is(const struct sha256 *hash, const void *tag, __u64 bytes)
{
	__u64 difference = 0;

	if (bytes < HMAC_TAG_MIN || bytes > SHA256_DIGEST)
		return false;
#pragma unroll
	for (int i = 0; i < SHA256_DIGEST / 8; i++) {
		difference |= message_rest((const __be64 *)hash->digest, i, bytes, 0) ^
			      message_rest(tag, i, bytes, 0);
		opaque(difference);
	}
	return !difference;
}
