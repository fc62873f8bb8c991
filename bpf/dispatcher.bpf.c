// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one XDP program that is attached to an interface: it enters the chain of features.
 * Minimum kernel: 6.1.
 */
#include "lib/chain.h"

char _license[] SEC("license") = "GPL";

SEC("xdp")
int dispatcher(struct xdp_md *ctx)
{
	return chain_enter(ctx, 0);
}
