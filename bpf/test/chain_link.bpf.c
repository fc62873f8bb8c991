// SPDX-License-Identifier: GPL-2.0-only
/* Links of a chain for tests: one passes on, one drops. */
#include "../lib/chain.h"

char _license[] SEC("license") = "GPL";

/* For slot CHAIN_POW. */
SEC("xdp")
int link_pass(struct xdp_md *ctx)
{
	return chain_enter(ctx, CHAIN_POW + 1);
}

SEC("xdp")
int link_drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}
