/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hash ratchet: a chain of keys that only goes forward. Who takes the machine today reads no key
 * of yesterday, as each step overwrites the chain key that it came from.
 *
 *	info(purpose) = "cryptbpf ratchet v1" || purpose || i		(28 bytes, i: 64 bit)
 *	message key i   = HKDF-Expand-SHA256(chain key i, info(1), 32)
 *	chain key i + 1 = HKDF-Expand-SHA256(chain key i, info(2), 32)
 *
 * From a message key follows neither a chain key nor another message key. Chain key 0 is a secret
 *of 32 random bytes; a reader who has it, or a later one, derives all that come after it.
 *
 * One ratchet belongs to one user at a time: one for each CPU and hook, where programs cannot
 * interrupt one another. Constant time. Costs 6 blocks of SHA-256. Minimum kernel: 5.12.
 */
#pragma once

#include "sha256.h"

#define RATCHET_INFO_BYTES 28
#define RATCHET_MESSAGE	   1
#define RATCHET_CHAIN	   2

struct ratchet {
	__u8 chain[32];
	__u64 index; /* of the chain key, and of the message key that comes next */
};

/* The work of one step, in map memory. */
struct ratchet_work {
	struct sha256_words block;
	struct sha256_state inner;
	struct sha256_state outer;
	struct sha256_state mac;
};

struct ratchet_key {
	__u8 bytes[32];
	__u64 index;
};

INLINE void ratchet_pad(struct sha256_state *state, const struct ratchet *ratchet, __u32 pad,
			struct sha256_words *block)
{
	const __be32 *chain = (const __be32 *)ratchet->chain;

#pragma unroll
	for (int i = 0; i < 16; i++)
		block->w[i] = (i < 8 ? bpf_ntohl(chain[i]) : 0) ^ pad;
	*state = (struct sha256_state)SHA256_INIT;
	sha256_block(state, block);
}

/* info, HKDF's counter byte 1 and the padding, after the block of the key. */
INLINE void ratchet_info(struct sha256_words *block, __u32 purpose, __u64 index)
{
	__builtin_memset(block, 0, sizeof(*block));
	block->w[0] = 0x63727970;
	block->w[1] = 0x74627066;
	block->w[2] = 0x20726174;
	block->w[3] = 0x63686574;
	block->w[4] = 0x20763100 | purpose;
	block->w[5] = index >> 32;
	block->w[6] = index;
	block->w[7] = 0x01800000;
	block->w[15] = (64 + RATCHET_INFO_BYTES + 1) * 8;
}

/* HMAC-SHA-256 of info and 1 under the chain key: HKDF-Expand of one block. */
INLINE void ratchet_derive(struct ratchet_work *work, __u32 purpose, __u64 index, __u8 *key)
{
	ratchet_info(&work->block, purpose, index);
	work->mac = work->inner;
	sha256_block(&work->mac, &work->block);

	__builtin_memset(&work->block, 0, sizeof(work->block));
	__builtin_memcpy(work->block.w, work->mac.h, sizeof(work->mac.h));
	work->block.w[8] = 0x80000000;
	work->block.w[15] = (64 + 32) * 8;
	work->mac = work->outer;
	sha256_block(&work->mac, &work->block);
#pragma unroll
	for (int i = 0; i < 8; i++)
		((__be32 *)key)[i] = bpf_htonl(work->mac.h[i]);
}

/*
 * Gives the next message key, and goes one step on. The last index, 2^64 - 1, is never used: a
 * ratchet that has come there gives no more keys. Returns 0; 1 at the end, or for a NULL pointer.
 */
NO_INLINE int ratchet_step(struct ratchet *ratchet, struct ratchet_work *work,
			   struct ratchet_key *key)
{
	__u64 index;

	if (!ratchet || !work || !key || ratchet->index == ~0ULL)
		return 1;
	index = ratchet->index;
	ratchet_pad(&work->inner, ratchet, 0x36363636, &work->block);
	ratchet_pad(&work->outer, ratchet, 0x5c5c5c5c, &work->block);
	ratchet_derive(work, RATCHET_MESSAGE, index, key->bytes);
	ratchet_derive(work, RATCHET_CHAIN, index, ratchet->chain);
	__builtin_memset(work, 0, sizeof(*work));
	key->index = index;
	ratchet->index = index + 1;
	return 0;
}
