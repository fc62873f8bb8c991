// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proof-of-work rate limiting at XDP: a source reaches the protected ports after it has solved
 * SHA-256(challenge || nonce) for a number of leading zero bits.
 * Minimum kernel: 6.1; no kfuncs.
 */
#include "pow.h"
#include "lib/hook_xdp.h"
#include "lib/gate.h"

char _license[] SEC("license") = "GPL";

/* challenge (32 bytes) || nonce (8 bytes) is one block, with its padding. */
INLINE enum reason check_proof(struct gate *g, const struct challenge *challenge, const __u8 *proof)
{
	const __u32 *words = (const __u32 *)challenge, *nonce = (const __u32 *)proof;
	struct sha256_state digest = SHA256_INIT;
	struct sha256_words block;
	__u32 bits = challenge->difficulty;
	__u64 head;

	if (nonce[2] || nonce[3] || bits > 64)
		return DROP_PROOF;
#pragma unroll
	for (int i = 0; i < 8; i++)
		block.w[i] = bpf_ntohl(words[i]);
	block.w[8] = bpf_ntohl(nonce[0]);
	block.w[9] = bpf_ntohl(nonce[1]);
	block.w[10] = 0x80000000;
	block.w[11] = block.w[12] = block.w[13] = block.w[14] = 0;
	block.w[15] = 40 * 8;
	sha256_block(&digest, &block);
	head = (__u64)digest.h[0] << 32 | digest.h[1];
	return bits == 0 || head >> (64 - bits) == 0 ? REASON_NONE : DROP_PROOF;
}

SEC("xdp")
int pow_gate(struct xdp_md *ctx)
{
	return gate_run(ctx, CHAIN_POW);
}
