// SPDX-License-Identifier: GPL-2.0-only
/*
 * Passes everything. A veth interface takes frames that its peer sends by XDP_TX only while it has
 * an XDP program of its own: tests and the demo put this one there.
 */
#include "../lib/common.h"

char _license[] SEC("license") = "GPL";

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}
