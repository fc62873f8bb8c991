// SPDX-License-Identifier: GPL-2.0-only
/*
 * SHA-256 as a program at the packet hook would use it, for the benchmark. The digest takes the
 * place of the packet's first bytes, so that each run of BPF_PROG_TEST_RUN hashes what the one
 * before made. Hook: XDP. Minimum kernel: 6.1.
 */
#include "../lib/sha256_message.h"

char _license[] SEC("license") = "GPL";

/* A challenge and a nonce: one block with its padding. */
#define BLOCK_MESSAGE 40
#define LONG_MESSAGE  1400

struct bench_work {
	struct sha256 hash;
	struct message message;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bench_work);
} works SEC(".maps");

INLINE int put_digest(struct xdp_md *ctx, const __be32 *digest)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + SHA256_DIGEST > end)
		return XDP_ABORTED;
	__builtin_memcpy(data, digest, SHA256_DIGEST);
	return XDP_PASS;
}

SEC("xdp")
int sha256_of_block(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct sha256_state state = SHA256_INIT;
	struct sha256_words block = {};
	const __be32 *words = data;

	if (data + BLOCK_MESSAGE > end)
		return XDP_ABORTED;
#pragma unroll
	for (int i = 0; i < BLOCK_MESSAGE / 4; i++)
		block.w[i] = bpf_ntohl(words[i]);
	block.w[BLOCK_MESSAGE / 4] = 0x80000000;
	block.w[15] = BLOCK_MESSAGE * 8;
	sha256_block(&state, &block);
#pragma unroll
	for (int i = 0; i < 8; i++)
		state.h[i] = bpf_htonl(state.h[i]);
	return put_digest(ctx, state.h);
}

SEC("xdp")
int sha256_of_1400(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct bench_work *work = bpf_map_lookup_elem(&works, &zero);

	if (!work || message_load_xdp(&work->message, 0, ctx, 0, LONG_MESSAGE) ||
	    sha256_message(&work->hash, &work->message, 0, LONG_MESSAGE))
		return XDP_ABORTED;
	return put_digest(ctx, work->hash.digest);
}
