// SPDX-License-Identifier: GPL-2.0-only
/*
 * ChaCha20-Poly1305 by itself, in XDP, TC, raw tracepoints and tracepoints. Minimum kernel: 6.1.
 */
#include "../lib/chacha20poly1305.h"
#include "aead_test.h"

char _license[] SEC("license") = "GPL";

struct chacha_scratch {
	struct chacha20poly1305 work;
	struct aead_message message;
};

ONE_OF(struct chacha20poly1305_key, keys);
ONE_PER_CPU(struct chacha_scratch, xdp_scratch);
ONE_PER_CPU(struct chacha_scratch, tc_scratch);
ONE_PER_CPU(struct chacha_scratch, tracing_scratch);

INLINE int aead_run(const struct aead_call *call, void *work, struct aead_message *message)
{
	struct chacha20poly1305_key *key = only(&keys);

	if (!key)
		return AEAD_NO_CIPHER;
	if (call->function == AEAD_OPEN)
		return chacha20poly1305_open(work, key, message);
	return chacha20poly1305_seal(work, key, message);
}

SEC("xdp.frags")
int test_xdp(struct xdp_md *ctx)
{
	struct chacha_scratch *scratch = only(&xdp_scratch);

	return scratch ? aead_xdp(ctx, &scratch->work, &scratch->message) : XDP_ABORTED;
}

SEC("tc")
int test_tc(struct __sk_buff *ctx)
{
	struct chacha_scratch *scratch = only(&tc_scratch);

	return scratch ? aead_tc(ctx, &scratch->work, &scratch->message) : TC_ACT_SHOT;
}

SEC("raw_tp/sys_enter")
int test_raw_tp(void *ctx)
{
	struct chacha_scratch *scratch = only(&tracing_scratch);

	return scratch ? aead_memory(&scratch->work) : 1;
}

SEC("tp/syscalls/sys_enter_getpriority")
int test_tracepoint(void *ctx)
{
	struct chacha_scratch *scratch = only(&tracing_scratch);
	struct aead_call *call = only(&calls);

	if (scratch && call && bpf_get_current_pid_tgid() >> 32 == call->process)
		aead_memory(&scratch->work);
	return 0;
}
