/* SPDX-License-Identifier: GPL-2.0-only */
/* What differs between hooks, for XDP: the context, and how a packet leaves. See also hook_tc.h. */
#pragma once

#include "chain.h"
#include "common.h"

#define hook_context struct xdp_md

INLINE void *hook_data(hook_context *ctx)
{
	return (void *)(long)ctx->data;
}

INLINE void *hook_end(hook_context *ctx)
{
	return (void *)(long)ctx->data_end;
}

/* Of the whole frame. Frames are linear here: programs of the chain do not take multi-buffer
 * frames. */
INLINE __u32 hook_frame_length(hook_context *ctx)
{
	return ctx->data_end - ctx->data;
}

/* Makes the headers readable. */
INLINE void hook_pull(hook_context *ctx)
{
}

INLINE int hook_pass(hook_context *ctx, __u32 slot)
{
	return chain_enter(ctx, slot + 1);
}

INLINE int hook_drop(void)
{
	return XDP_DROP;
}

/* A helper failed that cannot fail. */
INLINE int hook_abort(void)
{
	return XDP_ABORTED;
}

/* Out where it came in. */
INLINE int hook_send_back(hook_context *ctx)
{
	return XDP_TX;
}

/*
 * A frame can come in with only that part of its checksum which a sender leaves to its network
 * card; nothing will complete it on the way back, so it is computed from nothing.
 */
#define HOOK_CHECKSUM_WHOLE 1

INLINE long hook_checksum_add(hook_context *ctx, __u32 offset, __u64 difference)
{
	return -1;
}
