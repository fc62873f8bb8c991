// SPDX-License-Identifier: GPL-2.0-only
/*
 * The benchmark's sender, run with live frames: each run sends the next prepared packet out of the
 * interface that it stands for, no faster than asked. Packets are as long as the frame that it is
 * given, and keep what lies behind the bytes that are prepared. Minimum kernel: 5.18.
 */
#define BENCH_PACKET_BYTES 256
#include "bench_packets.h"

char _license[] SEC("license") = "GPL";

__u64 send_interval_ns; /* between two packets; 0: as fast as it goes */
__u64 send_at_ns;
__u32 send_limit; /* bench_next at which to stop */

SEC("xdp")
int bench_send(struct xdp_md *ctx)
{
	__u64 now = bpf_ktime_get_ns(), bytes = ctx->data_end - ctx->data;

	if (bench_next >= send_limit || now < send_at_ns)
		return XDP_DROP;
	if (bytes > BENCH_PACKET_BYTES)
		bytes = BENCH_PACKET_BYTES;
	opaque(bytes);
	if (!bytes || bytes > BENCH_PACKET_BYTES || !bench_draw_any(ctx, bytes))
		return XDP_ABORTED;
	send_at_ns = (send_at_ns ?: now) + send_interval_ns;
	return XDP_TX;
}

/* For the sender's interface: the answers are not its business. */
SEC("xdp")
int bench_sink(struct xdp_md *ctx)
{
	return XDP_DROP;
}
