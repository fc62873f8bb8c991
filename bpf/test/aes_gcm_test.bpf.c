// SPDX-License-Identifier: GPL-2.0-only
/* AES-256-GCM by the kernel's AES, with each kind of GHASH, in XDP and TC. Minimum kernel: 6.10. */
#include "../lib/aes_gcm.h"
#include "aead_test.h"

char _license[] SEC("license") = "GPL";

/* enum ghash_kind. Set before loading; of the others' code nothing is left. */
const volatile __u32 ghash_kind = GHASH_SMALL;

struct gcm_scratch {
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
ONE_PER_CPU(struct gcm_scratch, xdp_scratch);
ONE_PER_CPU(struct gcm_scratch, tc_scratch);

INLINE const void *ghash_key(void)
{
	if (ghash_kind == GHASH_SMALL)
		return only(&small_tables);
	if (ghash_kind == GHASH_LARGE)
		return only(&large_tables);
	return only(&subkeys);
}

INLINE int aead_run(const struct aead_call *call, void *work, struct aead_message *message)
{
	struct aes_gcm_cipher *cipher = only(&ciphers);
	struct aead_usage *usage = only(&usages);
	const void *ghash = ghash_key();

	if (!cipher || !usage || !ghash)
		return AEAD_NO_CIPHER;
	if (call->function == AEAD_OPEN)
		return aes_gcm_open(cipher, usage, ghash_kind, ghash, work, message);
	return aes_gcm_seal(cipher, usage, ghash_kind, ghash, work, message);
}

SEC("syscall")
int test_setup(struct aes_gcm_setup *setup)
{
	struct aes_gcm_cipher *cipher;
	__u32 index = setup->index;

	cipher = bpf_map_lookup_elem(&ciphers, &index);
	return cipher ? aes_gcm_make(cipher, setup) : 1;
}

SEC("xdp.frags")
int test_xdp(struct xdp_md *ctx)
{
	struct gcm_scratch *scratch = only(&xdp_scratch);

	return scratch ? aead_xdp(ctx, &scratch->work, &scratch->message) : XDP_ABORTED;
}

SEC("tc")
int test_tc(struct __sk_buff *ctx)
{
	struct gcm_scratch *scratch = only(&tc_scratch);

	return scratch ? aead_tc(ctx, &scratch->work, &scratch->message) : TC_ACT_SHOT;
}

/* Of map memory: what the packet is does not matter. */
SEC("xdp")
int test_memory(struct xdp_md *ctx)
{
	struct gcm_scratch *scratch = only(&xdp_scratch);

	return scratch && !aead_memory(&scratch->work) ? XDP_PASS : XDP_ABORTED;
}
