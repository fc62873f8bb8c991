// SPDX-License-Identifier: GPL-2.0-only
/* The service of operations as the benchmark runs it: each run answers the next prepared request.
 */
#define BENCH_PACKET_BYTES 352
#include "../lib/common.h"

/* So that it can be part of another program. */
int offload(struct xdp_md *ctx) __attribute__((always_inline));

#include "../offload.bpf.c"
#include "bench_packets.h"

/* Ethernet, IPv4, UDP, head, 256 bytes, tag */
#define REQUEST_FRAME (42 + OFFLOAD_HEAD_BYTES + 256 + OFFLOAD_TAG_BYTES)

SEC("xdp")
int bench_request(struct xdp_md *ctx)
{
	if (!bench_restore(ctx, REQUEST_FRAME) || !bench_draw_any(ctx, REQUEST_FRAME))
		return XDP_ABORTED;
	return offload(ctx);
}
