/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Merkle trees of SHA-256 as in RFC 6962 (2.1) and RFC 9162 (2.1.3): leaves are hashed behind a
 * byte 0, pairs of nodes behind a byte 1, and a node without a neighbour moves up as it is. A leaf
 * and its path lead to one root, and no other leaf, place or number of leaves leads there.
 */
#pragma once

#include "sha256_message.h"

#define MERKLE_LEAF	 0
#define MERKLE_NODE	 1
#define MERKLE_DEPTH_MAX 32

/* A digest as it lies in a packet. */
struct merkle_hash {
	__be32 w[8];
};

struct merkle_path {
	struct merkle_hash hashes[MERKLE_DEPTH_MAX];
};

/* Where the way up has come to. In map memory. */
struct merkle {
	struct sha256_state node;
	struct sha256_state below;
	struct sha256_words block;
	__u32 index;
	__u32 levels; /* a bit for each that is left, set where the path has a neighbour */
	__u32 next;   /* of the path */
	__u32 reserved;
};

INLINE __u32 bits_set(__u32 x)
{
	x -= x >> 1 & 0x55555555;
	x = (x & 0x33333333) + (x >> 2 & 0x33333333);
	x = (x + (x >> 4)) & 0x0f0f0f0f;
	return x * 0x01010101 >> 24;
}

/*
 * A bit for each level at which the node above leaf index has a neighbour; last is the index of the
 * last leaf. Below where the ways of both meet, all have; above, only right ones have, to their
 * left.
 */
INLINE __u32 merkle_levels(__u32 index, __u32 last)
{
	__u32 apart = index ^ last;

	apart |= apart >> 1;
	apart |= apart >> 2;
	apart |= apart >> 4;
	apart |= apart >> 8;
	apart |= apart >> 16;
	return apart | last;
}

/* 32 bytes into the block, from word at on, one byte later. Returns the word that is cut. */
INLINE __u32 merkle_put(struct sha256_words *block, int at, const __u32 *hash, bool is_bytes,
			__u32 carry)
{
#pragma unroll
	for (int i = 0; i < 8; i++) {
		__u32 word = is_bytes ? bpf_ntohl(hash[i]) : hash[i];

		block->w[at + i] = carry << 24 | word >> 8;
		carry = word;
	}
	return carry;
}

/* From m->node to the node above, with its neighbour. Returns 0; 1 when a pointer is NULL. */
NO_INLINE int merkle_up(struct merkle *m, const struct merkle_hash *neighbour, __u32 is_left)
{
	__u32 carry = MERKLE_NODE;

	if (!m || !neighbour)
		return 1;
	m->below = m->node;
	if (is_left) {
		carry = merkle_put(&m->block, 0, neighbour->w, true, carry);
		carry = merkle_put(&m->block, 8, m->below.h, false, carry);
	} else {
		carry = merkle_put(&m->block, 0, m->below.h, false, carry);
		carry = merkle_put(&m->block, 8, neighbour->w, true, carry);
	}
	m->node = (struct sha256_state)SHA256_INIT;
	sha256_block(&m->node, &m->block);
	__builtin_memset(&m->block, 0, sizeof(m->block));
	m->block.w[0] = carry << 24 | 0x800000;
	m->block.w[15] = (1 + 2 * SHA256_DIGEST) * 8;
	return sha256_block(&m->node, &m->block);
}

/* Up one level, past a neighbour if there is one. */
NO_INLINE int merkle_level(struct merkle *m, const struct merkle_path *path)
{
	__u32 levels, index;

	if (!m || !path)
		return 1;
	levels = m->levels;
	index = m->index;
	m->levels = levels >> 1;
	m->index = index >> 1;
	if (!(levels & 1))
		return 0;
	return merkle_up(m, &path->hashes[m->next++ & (MERKLE_DEPTH_MAX - 1)], index & 1);
}

/* From the leaf in m->node, whose index and levels are there too, to the root. Returns 0. */
INLINE int merkle_climb(struct merkle *m, const struct merkle_path *path)
{
	m->next = 0;
	for (int i = 0; i < MERKLE_DEPTH_MAX && m->levels; i++)
		if (merkle_level(m, path))
			return 1;
	return 0;
}

/* Whether the way up has come to that root. */
INLINE bool merkle_is(const struct merkle *m, const __be32 *root)
{
	__u32 difference = 0;

#pragma unroll
	for (int i = 0; i < 8; i++)
		difference |= m->node.h[i] ^ bpf_ntohl(root[i]);
	return !difference;
}
