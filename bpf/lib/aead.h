/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the AEADs share: keys of 32 bytes, nonces of 12, tags of 16 (RFC 5116). They work on a
 * message in map memory, never on the packet: an skb's memory can be shared with others, who would
 * see it change. So load, seal or open, store.
 *
 * One struct aead_message is 10.3 KB: a value of a per-CPU array, one array for each hook, since a
 * program of one hook can interrupt one of another on the same CPU. What was in clear stays there
 * until the next message comes.
 */
#pragma once

#include "common.h"

#define AEAD_KEY   32
#define AEAD_NONCE 12
#define AEAD_TAG   16
#define AEAD_BLOCK 64 /* bytes that are encrypted at a time */

/* A program of short messages chooses others, multiples of 256, before it includes this. */
#ifndef AEAD_TEXT_MAX
#define AEAD_AAD_MAX  1024
#define AEAD_TEXT_MAX 9216
#endif

enum aead_result {
	AEAD_DONE,
	AEAD_UNFIT,	/* a length over its maximum */
	AEAD_EXHAUSTED, /* the key has done its work: use another one */
	AEAD_FORGED,	/* the tag is not of this message under this key and nonce */
	AEAD_NO_CIPHER, /* the kernel's cipher is not there, or refused */
};

struct aead_nonce {
	__be32 w[3];
};

struct aead_message {
	__u64 aad_length;
	__u64 length; /* of the text, without the tag */
	struct aead_nonce nonce;
	__u32 unused;
	__u8 aad[AEAD_AAD_MAX + AEAD_TAG];
	/* The tag comes right after the text, wherever that ends. */
	__u8 text[AEAD_TEXT_MAX + AEAD_TAG];
};

/*
 * How far a key is used up. It belongs to the key, and is shared by all CPUs and programs that have
 * it. A new key begins with zeros.
 */
struct aead_usage {
	__u64 sealed;
	__u64 refused;
};

/* As TLS 1.3 does (RFC 8446, section 5.3): the counter, big endian, at the end of the IV. */
INLINE void aead_nonce(struct aead_nonce *nonce, const struct aead_nonce *iv, __u64 counter)
{
	nonce->w[0] = iv->w[0];
	nonce->w[1] = iv->w[1] ^ bpf_htonl(counter >> 32);
	nonce->w[2] = iv->w[2] ^ bpf_htonl(counter);
}

/* To be asked for each message: no key seals more than max of them, on all CPUs together. */
INLINE bool aead_may_seal(struct aead_usage *usage, __u64 max)
{
	return read_once(usage->sealed) < max && __sync_fetch_and_add(&usage->sealed, 1) < max;
}

/* CPUs that are opening when the limit is reached finish: that many more forgeries are tried. */
INLINE bool aead_may_open(struct aead_usage *usage, __u64 max)
{
	return read_once(usage->refused) < max;
}

INLINE void aead_count_refused(struct aead_usage *usage)
{
	__sync_fetch_and_add(&usage->refused, 1);
}

struct aead_lengths {
	__u64 aad;
	__u64 text;
};

/* Reads the lengths once. False: they do not fit. */
INLINE bool aead_lengths(struct aead_lengths *lengths, const struct aead_message *message)
{
	__u64 aad = read_once(message->aad_length), text = read_once(message->length);

	if (aad > AEAD_AAD_MAX || text > AEAD_TEXT_MAX)
		return false;
	lengths->aad = aad;
	lengths->text = text;
	return true;
}

/*
 * Lengths for loops. Each way out of a loop bounds the length that it ends by, and were that the
 * one of which the verifier must know the bounds afterwards, it would follow them all.
 */
#define aead_aad_length(message)  read_once((message)->aad_length)
#define aead_text_length(message) read_once((message)->length)

/* Zeros after both, up to a whole block of 16 bytes, as MACs want it. The tag is overwritten. */
INLINE void aead_pad(struct aead_message *message, const struct aead_lengths *lengths)
{
	__u64 *after_aad = (__u64 *)(message->aad + lengths->aad);
	__u64 *after_text = (__u64 *)(message->text + lengths->text);

	after_aad[0] = 0;
	after_aad[1] = 0;
	after_text[0] = 0;
	after_text[1] = 0;
}

struct aead_tag {
	__u64 w[2];
};

INLINE struct aead_tag *aead_tag(struct aead_message *message, const struct aead_lengths *lengths)
{
	return (struct aead_tag *)(message->text + lengths->text);
}

/* Constant time. */
INLINE bool aead_tags_differ(const struct aead_tag *a, const struct aead_tag *b)
{
	__u64 difference = a->w[0] ^ b->w[0];

	opaque(difference);
	difference |= a->w[1] ^ b->w[1];
	opaque(difference);
	return difference;
}
