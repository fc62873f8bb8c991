/* SPDX-License-Identifier: GPL-2.0-only */
/* What differs between hooks, for TC (clsact or TCX): the context, and how a packet leaves. */
#pragma once

#include "common.h"
#include <linux/pkt_cls.h>

#define hook_context struct __sk_buff

/* Headers with all that is followed here fit; so does every message. */
#define HOOK_PULL_BYTES 512

INLINE void *hook_data(hook_context *ctx)
{
	return (void *)(long)ctx->data;
}

INLINE void *hook_end(hook_context *ctx)
{
	return (void *)(long)ctx->data_end;
}

INLINE __u32 hook_frame_length(hook_context *ctx)
{
	return ctx->len;
}

INLINE void hook_pull(hook_context *ctx)
{
	__u32 linear = ctx->data_end - ctx->data;

	if (linear < HOOK_PULL_BYTES && linear < ctx->len)
		bpf_skb_pull_data(ctx, ctx->len < HOOK_PULL_BYTES ? ctx->len : HOOK_PULL_BYTES);
}

/* On to the next program: TCX runs it for TCX_NEXT, clsact for TC_ACT_UNSPEC; both are -1. */
INLINE int hook_pass(hook_context *ctx, __u32 slot)
{
	return TC_ACT_UNSPEC;
}

INLINE int hook_drop(void)
{
	return TC_ACT_SHOT;
}

INLINE int hook_abort(void)
{
	return TC_ACT_SHOT;
}

INLINE int hook_send_back(hook_context *ctx)
{
	return bpf_redirect(ctx->ifindex, 0);
}

/*
 * The stack knows here whether the checksum is still to be completed, and keeps it right if it is
 * told the difference.
 */
#define HOOK_CHECKSUM_WHOLE 0

/* A checksum of 0 stays 0: it means that the sender computed none. */
INLINE long hook_checksum_add(hook_context *ctx, __u32 offset, __u64 difference)
{
	return bpf_l4_csum_replace(ctx, offset, 0, difference, BPF_F_MARK_MANGLED_0);
}
