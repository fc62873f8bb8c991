// SPDX-License-Identifier: GPL-2.0-only
/* The proof-of-work gate as the benchmark runs it: each run judges the next prepared packet. */
#include "../pow.bpf.c"
#include "bench_packets.h"

#define MESSAGE_FRAME 106 /* Ethernet, IPv4, UDP and a message of 64 bytes */
#define TRAFFIC_FRAME 60

SEC("xdp")
int bench_message(struct xdp_md *ctx)
{
	return bench_draw(ctx, MESSAGE_FRAME) ? gate_run(ctx, CHAIN_POW) : XDP_ABORTED;
}

SEC("xdp")
int bench_traffic(struct xdp_md *ctx)
{
	return bench_draw(ctx, TRAFFIC_FRAME) ? gate_run(ctx, CHAIN_POW) : XDP_ABORTED;
}

/* Puts the gate's answer in the place of the packet: a challenge for each prepared hello. */
SEC("xdp")
int bench_challenge(struct xdp_md *ctx)
{
	struct bench_packet *packet = bench_draw(ctx, MESSAGE_FRAME);
	int action = packet ? gate_run(ctx, CHAIN_POW) : XDP_ABORTED;
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (action == XDP_TX && data + MESSAGE_FRAME <= end)
		__builtin_memcpy(packet->data, data, MESSAGE_FRAME);
	return action;
}
