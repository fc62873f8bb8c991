// SPDX-License-Identifier: GPL-2.0-only
/* AES-256-GCM in BPF alone, in XDP, TC, raw tracepoints and tracepoints. Minimum kernel: 6.1. */
#include "../lib/aes_gcm_soft.h"
#include "aead_test.h"

char _license[] SEC("license") = "GPL";

struct soft_scratch {
	struct aes_gcm_soft work;
	struct aead_message message;
};

ONE_OF(struct aes256_key, secrets);
ONE_OF(struct aes_gcm_soft_key, keys);
ONE_PER_CPU(struct soft_scratch, xdp_scratch);
ONE_PER_CPU(struct soft_scratch, tc_scratch);
ONE_PER_CPU(struct soft_scratch, tracing_scratch);

INLINE int prepare(struct aes_gcm_soft_key *key, struct aes_gcm_soft *work)
{
	struct aes256_key *secret = only(&secrets);
	int error = aes_gcm_soft_prepare(key, secret, work);

	if (secret)
		__builtin_memset(secret, 0, sizeof(*secret));
	return error;
}

INLINE int aead_run(const struct aead_call *call, void *work, struct aead_message *message)
{
	struct aes_gcm_soft_key *key = only(&keys);

	if (!key)
		return AEAD_NO_CIPHER;
	if (call->function == AEAD_PREPARE)
		return prepare(key, work);
	if (call->function == AEAD_OPEN)
		return aes_gcm_soft_open(work, key, message);
	return aes_gcm_soft_seal(work, key, message);
}

SEC("xdp.frags")
int test_xdp(struct xdp_md *ctx)
{
	struct soft_scratch *scratch = only(&xdp_scratch);

	return scratch ? aead_xdp(ctx, &scratch->work, &scratch->message) : XDP_ABORTED;
}

SEC("tc")
int test_tc(struct __sk_buff *ctx)
{
	struct soft_scratch *scratch = only(&tc_scratch);

	return scratch ? aead_tc(ctx, &scratch->work, &scratch->message) : TC_ACT_SHOT;
}

SEC("raw_tp/sys_enter")
int test_raw_tp(void *ctx)
{
	struct soft_scratch *scratch = only(&tracing_scratch);

	return scratch ? aead_memory(&scratch->work) : 1;
}

SEC("tp/syscalls/sys_enter_getpriority")
int test_tracepoint(void *ctx)
{
	struct soft_scratch *scratch = only(&tracing_scratch);
	struct aead_call *call = only(&calls);

	if (scratch && call && bpf_get_current_pid_tgid() >> 32 == call->process)
		aead_memory(&scratch->work);
	return 0;
}
