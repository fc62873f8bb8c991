// SPDX-License-Identifier: GPL-2.0-only
/* Signed packets as the benchmark runs them: each run judges the next prepared packet. */
#define BENCH_PACKET_BYTES 256
#include "../lib/common.h"

/* So that it can be part of other programs. */
int signed_auth(struct xdp_md *ctx) __attribute__((always_inline));

#include "../signed_auth.bpf.c"
#include "bench_packets.h"

/* Ethernet, IPv4, UDP, 64 bytes of payload and the trailer */
#define SIGNED_FRAME  (42 + 64 + SIGNED_BYTES)
#define SESSION_FRAME (42 + 64 + SESSION_TRAILER_BYTES)

INLINE int bench_judge(struct xdp_md *ctx, __u32 frame_bytes)
{
	if (!bench_restore(ctx, frame_bytes) || !bench_draw(ctx, frame_bytes))
		return XDP_ABORTED;
	return signed_auth(ctx);
}

SEC("xdp")
int bench_signed(struct xdp_md *ctx)
{
	return bench_judge(ctx, SIGNED_FRAME);
}

SEC("xdp")
int bench_session(struct xdp_md *ctx)
{
	return bench_judge(ctx, SESSION_FRAME);
}
