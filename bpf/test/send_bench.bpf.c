// SPDX-License-Identifier: GPL-2.0-only
/*
 * The benchmark's sender, run with live frames: each run sends the next prepared packet out of the
 * interface that it stands for, no faster than asked. Minimum kernel: 5.18.
 */
#include "bench_packets.h"

#define MESSAGE_FRAME 106

char _license[] SEC("license") = "GPL";

__u64 send_interval_ns; /* between two packets; 0: as fast as it goes */
__u64 send_at_ns;
__u32 send_limit; /* bench_next at which to stop */

SEC("xdp")
int bench_send(struct xdp_md *ctx)
{
	__u64 now = bpf_ktime_get_ns();

	if (bench_next >= send_limit || now < send_at_ns)
		return XDP_DROP;
	if (!bench_draw(ctx, MESSAGE_FRAME))
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
