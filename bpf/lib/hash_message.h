/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the hashes read: bytes in map memory. A message is put together here from pieces of a packet
 * (also of one whose memory is in several parts: jumbo frames in XDP, nonlinear skbs) and whatever
 * else belongs to it, so that nobody can change it between two looks.
 *
 * One struct message is 9600 bytes: a value of a per-CPU array, one array for each hook, since a
 * program of one hook can interrupt one of another on the same CPU. Minimum kernel: 5.18.
 */
#pragma once

#include "common.h"

/*
 * In front of the packet's bytes there is room for what is hashed before them. A position and a
 * length have a limit each, as the verifier does not know limits of a sum. A program that hashes
 * pieces of short messages chooses others, multiples of 128, before it includes this.
 */
#ifndef MESSAGE_HEAD_MAX
#define MESSAGE_HEAD_MAX   256
#define MESSAGE_LENGTH_MAX 9216
#endif

/* Hashes read whole blocks, also of the last bytes: 128 bytes in SHA-512. */
struct message {
	__u8 bytes[MESSAGE_HEAD_MAX + MESSAGE_LENGTH_MAX + 128] __attribute__((aligned(8)));
};

/* Whether a piece lies in the message. Its callers compute addresses right afterwards. */
INLINE bool message_has(__u64 at, __u64 length)
{
	return at <= MESSAGE_HEAD_MAX && length <= MESSAGE_LENGTH_MAX;
}

/* Up to here word by word, as a call takes longer, and longer still what reads the copy at once. */
#define MESSAGE_SHORT	   512
#define MESSAGE_OFFSET_MAX 4096

/*
 * Copies a short piece that lies in the packet's first buffer, as whole words: up to 7 bytes behind
 * it come along. Returns 0; 1 when it is another one, or ends where the buffer does.
 */
NO_INLINE int message_copy_xdp(struct message *message, __u64 at, struct xdp_md *ctx, __u64 offset,
			       __u64 length)
{
	void *from, *end;
	__u8 *to;

	opaque(length);
	if (!message || at > MESSAGE_HEAD_MAX || offset > MESSAGE_OFFSET_MAX ||
	    length > MESSAGE_SHORT || length > MESSAGE_LENGTH_MAX)
		return 1;
	to = message->bytes + at;
	from = (void *)(long)ctx->data + offset;
	end = (void *)(long)ctx->data_end;
	for (__u64 i = 0; i < MESSAGE_SHORT; i += 8) {
		if (i >= length)
			return 0;
		if (from + i + 8 > end)
			return 1;
		*(__u64 *)(to + i) = *(__u64 *)(from + i);
	}
	return 0;
}

/*
 * Copies bytes of the packet to position at; up to 7 bytes behind them may change. Returns 0, or
 * less when the packet is shorter. Before 6.2, the verifier does not conclude from "not 0" that a
 * length is at least 1: from last it does.
 */
INLINE long message_load_xdp(struct message *message, __u64 at, struct xdp_md *ctx, __u32 offset,
			     __u64 length)
{
	__u64 last;

	if (length <= MESSAGE_SHORT && !message_copy_xdp(message, at, ctx, offset, length))
		return 0;
	opaque(at);
	if (!length)
		return 0;
	last = length - 1;
	opaque(last);
	if (at > MESSAGE_HEAD_MAX || last >= MESSAGE_LENGTH_MAX)
		return -1;
	return bpf_xdp_load_bytes(ctx, offset, message->bytes + at, last + 1);
}

INLINE long message_load_skb(struct message *message, __u64 at, struct __sk_buff *ctx, __u32 offset,
			     __u64 length)
{
	__u64 last;

	opaque(at);
	if (!length)
		return 0;
	last = length - 1;
	opaque(last);
	if (at > MESSAGE_HEAD_MAX || last >= MESSAGE_LENGTH_MAX)
		return -1;
	return bpf_skb_load_bytes(ctx, offset, message->bytes + at, last + 1);
}

/*
 * Eight bytes as a number, of a last block that holds only rest bytes of the message: after those
 * comes the byte end, then zeros. Without branches, as there are too many ways for the verifier; in
 * a loop, whose count is opaque to the compiler: unrolled, it needs much of the stack.
 */
INLINE __u64 message_rest(const __be64 *block, __u64 i, __u64 rest, __u64 end)
{
	__u64 bits = rest % 8 * 8;
	__u64 is_whole = (__s64)(i - rest / 8) >> 63;
	__u64 is_last = (__s64)((i ^ rest / 8) - 1) >> 63;
	__u64 keep = is_whole | (is_last & ~(~0ULL >> bits));

	return (bpf_be64_to_cpu(block[i]) & keep) | (is_last & end << (56 - bits));
}
