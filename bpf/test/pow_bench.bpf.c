// SPDX-License-Identifier: GPL-2.0-only
/*
 * The proof-of-work gate as the benchmark runs it: BPF_PROG_TEST_RUN repeats one packet, which after
 * the first time would be a replay, so each run draws the next one from a map. Copying it is part of
 * what is measured.
 */
#include "../pow.bpf.c"

#define BENCH_PACKETS 131072
#define MESSAGE_FRAME 106 /* Ethernet, IPv4, UDP and a message of 64 bytes */
#define TRAFFIC_FRAME 60

struct bench_packet {
	__u8 data[128];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BENCH_PACKETS);
	__type(key, __u32);
	__type(value, struct bench_packet);
} bench_packets SEC(".maps");

__u32 bench_next;
__u32 bench_mask;

/* frame_bytes: constant */
INLINE bool draw_packet(struct xdp_md *ctx, __u32 frame_bytes)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 index = bench_next++ & bench_mask;
	struct bench_packet *packet = bpf_map_lookup_elem(&bench_packets, &index);

	if (!packet || data + frame_bytes > end)
		return false;
	__builtin_memcpy(data, packet->data, frame_bytes);
	return true;
}

SEC("xdp")
int bench_message(struct xdp_md *ctx)
{
	return draw_packet(ctx, MESSAGE_FRAME) ? gate_run(ctx, CHAIN_POW) : XDP_ABORTED;
}

SEC("xdp")
int bench_traffic(struct xdp_md *ctx)
{
	return draw_packet(ctx, TRAFFIC_FRAME) ? gate_run(ctx, CHAIN_POW) : XDP_ABORTED;
}
