/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HMAC-SHA-256 (RFC 2104) of a message that fits one block with its padding (at most 55 bytes)
 * under a 32-byte key: enough to derive keys (HKDF-Expand, RFC 5869, one output block).
 */
#pragma once

#include "sha256.h"

#define HMAC_SHORT_MAX 55

struct hmac_key {
	__u8 bytes[32];
};

INLINE void hmac_pad(struct sha256_words *block, const struct hmac_key *key, __u32 pad)
{
	const __u32 *words = (const __u32 *)key->bytes;

#pragma unroll
	for (int i = 0; i < 16; i++)
		block->w[i] = (i < 8 ? bpf_ntohl(words[i]) : 0) ^ pad;
}

/* The second block of both passes: 64 bytes of pad came before it, which the length counts. */
INLINE void hmac_finish_block(struct sha256_words *block, __u32 message_bytes)
{
	block->w[15] = (64 + message_bytes) * 8;
}

/*
 * Given: work->message, zero-padded words (as numbers) of message_bytes bytes with the 0x80 that
 * ends them. Result: work->mac, eight words as numbers.
 */
struct hmac_work {
	struct sha256_words message;
	struct sha256_words block;
	struct sha256_state inner;
	struct sha256_state mac;
};

INLINE void hmac_sha256_short(struct hmac_work *work, const struct hmac_key *key,
			      __u32 message_bytes)
{
	work->inner = (struct sha256_state)SHA256_INIT;
	hmac_pad(&work->block, key, 0x36363636);
	sha256_block(&work->inner, &work->block);
	hmac_finish_block(&work->message, message_bytes);
	sha256_block(&work->inner, &work->message);

	work->mac = (struct sha256_state)SHA256_INIT;
	hmac_pad(&work->block, key, 0x5c5c5c5c);
	sha256_block(&work->mac, &work->block);
	__builtin_memset(&work->block, 0, sizeof(work->block));
	__builtin_memcpy(work->block.w, work->inner.h, sizeof(work->inner.h));
	work->block.w[8] = 0x80000000;
	hmac_finish_block(&work->block, 32);
	sha256_block(&work->mac, &work->block);
}
