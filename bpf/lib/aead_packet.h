/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between packets, which may be in several parts, and messages of AEADs. All return 0, or less when
 * the packet is shorter or the message has no room. Minimum kernel: 5.18.
 */
#pragma once

#include "aead.h"

/*
 * Before 6.2, the verifier does not conclude from "not 0" that a length is at least 1: from last,
 * which is less than room, it does.
 */
#define AEAD_TRANSFER(length, room, call)                                                          \
	({                                                                                         \
		__u64 last = (length) - 1;                                                         \
		long error = 0;                                                                    \
                                                                                                   \
		opaque(last);                                                                      \
		if ((length) && last >= (room))                                                    \
			error = -1;                                                                \
		else if (length)                                                                   \
			error = call;                                                              \
		error;                                                                             \
	})

INLINE long aead_load_aad_xdp(struct aead_message *message, struct xdp_md *ctx, __u32 offset,
			      __u64 length)
{
	return AEAD_TRANSFER(length, AEAD_AAD_MAX,
			     bpf_xdp_load_bytes(ctx, offset, message->aad, last + 1));
}

/* The length includes that of the tag, if there is one already. */
INLINE long aead_load_text_xdp(struct aead_message *message, struct xdp_md *ctx, __u32 offset,
			       __u64 length)
{
	return AEAD_TRANSFER(length, sizeof(message->text),
			     bpf_xdp_load_bytes(ctx, offset, message->text, last + 1));
}

INLINE long aead_store_text_xdp(struct aead_message *message, struct xdp_md *ctx, __u32 offset,
				__u64 length)
{
	return AEAD_TRANSFER(length, sizeof(message->text),
			     bpf_xdp_store_bytes(ctx, offset, message->text, last + 1));
}

INLINE long aead_load_aad_skb(struct aead_message *message, struct __sk_buff *ctx, __u32 offset,
			      __u64 length)
{
	return AEAD_TRANSFER(length, AEAD_AAD_MAX,
			     bpf_skb_load_bytes(ctx, offset, message->aad, last + 1));
}

INLINE long aead_load_text_skb(struct aead_message *message, struct __sk_buff *ctx, __u32 offset,
			       __u64 length)
{
	return AEAD_TRANSFER(length, sizeof(message->text),
			     bpf_skb_load_bytes(ctx, offset, message->text, last + 1));
}

/* flags: of bpf_skb_store_bytes(). It copies memory that the skb shares before it writes. */
INLINE long aead_store_text_skb(struct aead_message *message, struct __sk_buff *ctx, __u32 offset,
				__u64 length, __u64 flags)
{
	return AEAD_TRANSFER(length, sizeof(message->text),
			     bpf_skb_store_bytes(ctx, offset, message->text, last + 1, flags));
}

/* So many bytes right before the text: the far end of the additional data, which is short then. */
INLINE void *aead_before_text(struct aead_message *message, __u64 bytes)
{
	return message->text - bytes;
}

/* As above, to the beginning of the packet, with so many bytes from before the text. */
INLINE long aead_store_skb(struct aead_message *message, struct __sk_buff *ctx, __u64 before,
			   __u64 length, __u64 flags)
{
	return AEAD_TRANSFER(
		length, sizeof(message->text),
		bpf_skb_store_bytes(ctx, 0, message->text - before, before + last + 1, flags));
}
