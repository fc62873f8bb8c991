// SPDX-License-Identifier: GPL-2.0-only
/* What AES-256-GCM by the kernel's AES takes, and what that AES does by itself. */
#include "../lib/aes_gcm.h"
#include "aead_bench.h"

char _license[] SEC("license") = "GPL";

/* enum ghash_kind */
const volatile __u32 ghash_kind = GHASH_SMALL;

struct bench_scratch {
	struct gcm work;
	struct aead_message message;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct aes_gcm_cipher);
} ciphers SEC(".maps");

ONE_OF(struct aead_usage, usages);
ONE_OF(struct ghash_small, small_tables);
ONE_OF(struct ghash_large, large_tables);
ONE_OF(struct ghash_subkey, subkeys);
ONE_PER_CPU(struct bench_scratch, scratches);

INLINE const void *ghash_key(void)
{
	if (ghash_kind == GHASH_SMALL)
		return only(&small_tables);
	if (ghash_kind == GHASH_LARGE)
		return only(&large_tables);
	return only(&subkeys);
}

SEC("syscall")
int setup(struct aes_gcm_setup *setup)
{
	struct aes_gcm_cipher *cipher = only(&ciphers);

	return cipher ? aes_gcm_make(cipher, setup) : 1;
}

SEC("xdp")
int gcm_seal_text(struct xdp_md *ctx)
{
	struct bench_scratch *scratch = only(&scratches);
	struct aes_gcm_cipher *cipher = only(&ciphers);
	struct aead_usage *usage = only(&usages);
	const void *ghash = ghash_key();

	if (!scratch || !cipher || !usage || !ghash ||
	    bench_load(&scratch->message, ctx, bench_text) ||
	    aes_gcm_seal(cipher, usage, ghash_kind, ghash, &scratch->work, &scratch->message))
		return XDP_ABORTED;
	return XDP_PASS;
}

SEC("xdp")
int gcm_open_text(struct xdp_md *ctx)
{
	struct bench_scratch *scratch = only(&scratches);
	struct aes_gcm_cipher *cipher = only(&ciphers);
	struct aead_usage *usage = only(&usages);
	const void *ghash = ghash_key();

	if (!scratch || !cipher || !usage || !ghash ||
	    bench_load(&scratch->message, ctx, bench_text + AEAD_TAG) ||
	    aes_gcm_open(cipher, usage, ghash_kind, ghash, &scratch->work, &scratch->message))
		return XDP_ABORTED;
	return XDP_PASS;
}

/* The same bytes, in whole blocks. */
SEC("xdp")
int ecb_text(struct xdp_md *ctx)
{
	struct bench_scratch *scratch = only(&scratches);
	struct aes_gcm_cipher *cipher = only(&ciphers);
	struct bpf_crypto_ctx *cipher_ctx;

	if (!scratch || !cipher || bpf_xdp_load_bytes(ctx, 0, scratch->work.stream, bench_text))
		return XDP_ABORTED;
	cipher_ctx = cipher->ctx;
	if (!cipher_ctx ||
	    aes_gcm_encrypt(cipher_ctx, &scratch->work, gcm_stream_bytes(bench_text) - GHASH_BLOCK))
		return XDP_ABORTED;
	return XDP_PASS;
}
