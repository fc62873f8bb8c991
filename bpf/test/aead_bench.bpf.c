// SPDX-License-Identifier: GPL-2.0-only
/* What AEADs in BPF alone take. */
#include "../lib/aes_gcm_soft.h"
#include "../lib/chacha20poly1305.h"
#include "aead_bench.h"

char _license[] SEC("license") = "GPL";

struct bench_scratch {
	struct chacha20poly1305 chacha;
	struct aes_gcm_soft soft;
	struct aead_message message;
};

ONE_OF(struct chacha20poly1305_key, chacha_keys);
ONE_OF(struct aes_gcm_soft_key, soft_keys);
ONE_OF(struct aes256_key, secrets);
ONE_PER_CPU(struct bench_scratch, scratches);

SEC("xdp")
int chacha_seal(struct xdp_md *ctx)
{
	struct chacha20poly1305_key *key = only(&chacha_keys);
	struct bench_scratch *scratch = only(&scratches);

	if (!key || !scratch || bench_load(&scratch->message, ctx, bench_text) ||
	    chacha20poly1305_seal(&scratch->chacha, key, &scratch->message))
		return XDP_ABORTED;
	return XDP_PASS;
}

SEC("xdp")
int chacha_open(struct xdp_md *ctx)
{
	struct chacha20poly1305_key *key = only(&chacha_keys);
	struct bench_scratch *scratch = only(&scratches);

	if (!key || !scratch || bench_load(&scratch->message, ctx, bench_text + AEAD_TAG) ||
	    chacha20poly1305_open(&scratch->chacha, key, &scratch->message))
		return XDP_ABORTED;
	return XDP_PASS;
}

SEC("xdp")
int soft_prepare(struct xdp_md *ctx)
{
	struct bench_scratch *scratch = only(&scratches);
	struct aes_gcm_soft_key *key = only(&soft_keys);
	struct aes256_key *secret = only(&secrets);

	if (!key || !scratch || aes_gcm_soft_prepare(key, secret, &scratch->soft))
		return XDP_ABORTED;
	return XDP_PASS;
}

SEC("xdp")
int soft_seal(struct xdp_md *ctx)
{
	struct aes_gcm_soft_key *key = only(&soft_keys);
	struct bench_scratch *scratch = only(&scratches);

	if (!key || !scratch || bench_load(&scratch->message, ctx, bench_text) ||
	    aes_gcm_soft_seal(&scratch->soft, key, &scratch->message))
		return XDP_ABORTED;
	return XDP_PASS;
}

SEC("xdp")
int soft_open(struct xdp_md *ctx)
{
	struct aes_gcm_soft_key *key = only(&soft_keys);
	struct bench_scratch *scratch = only(&scratches);

	if (!key || !scratch || bench_load(&scratch->message, ctx, bench_text + AEAD_TAG) ||
	    aes_gcm_soft_open(&scratch->soft, key, &scratch->message))
		return XDP_ABORTED;
	return XDP_PASS;
}
