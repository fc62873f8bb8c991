/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets that the benchmark prepares. BPF_PROG_TEST_RUN repeats one packet; a program that draws
 * the next one from this map at each run sees as many as it holds. Copying it is part of what is
 * measured.
 */
#pragma once

#include "../lib/common.h"

#define BENCH_PACKETS 65536
#ifndef BENCH_PACKET_BYTES
#define BENCH_PACKET_BYTES 128
#endif

struct bench_packet {
	__u8 data[BENCH_PACKET_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BENCH_PACKETS);
	__type(key, __u32);
	__type(value, struct bench_packet);
} bench_packets SEC(".maps");

__u32 bench_next;

INLINE struct bench_packet *bench_take(void)
{
	__u32 index = bench_next++ & (BENCH_PACKETS - 1);

	return bpf_map_lookup_elem(&bench_packets, &index);
}

/* A frame of that length, also when the run before has cut some off its end. */
INLINE bool bench_restore(struct xdp_md *ctx, __u32 frame_bytes)
{
	int missing = (int)frame_bytes - (int)(ctx->data_end - ctx->data);

	return !missing || !bpf_xdp_adjust_tail(ctx, missing);
}

/* frame_bytes: up to BENCH_PACKET_BYTES. Minimum kernel: 5.18. */
INLINE bool bench_draw_any(struct xdp_md *ctx, __u32 frame_bytes)
{
	struct bench_packet *packet = bench_take();

	return packet && !bpf_xdp_store_bytes(ctx, 0, packet->data, frame_bytes);
}

/* frame_bytes: constant, and the length of the frame that the program was given */
INLINE struct bench_packet *bench_draw(struct xdp_md *ctx, __u32 frame_bytes)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct bench_packet *packet = bench_take();

	if (!packet || data + frame_bytes > end)
		return NULL;
	__builtin_memcpy(data, packet->data, frame_bytes);
	return packet;
}
