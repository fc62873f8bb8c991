/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the benchmarks of AEADs have in common: XDP programs that load the packet's text (and tag)
 * into map memory and seal or open it there. Nothing is stored, so that each run finds the same.
 */
#pragma once

#include "../lib/aead_packet.h"
#include "only.h"

#define BENCH_AAD 16

const volatile __u64 bench_text = 1400; /* bytes */

/* Nonce and additional data are as they were, all zeros. */
INLINE long bench_load(struct aead_message *message, struct xdp_md *ctx, __u64 bytes)
{
	message->aad_length = BENCH_AAD;
	message->length = bench_text;
	return aead_load_text_xdp(message, ctx, 0, bytes);
}
