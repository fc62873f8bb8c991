// SPDX-License-Identifier: GPL-2.0-only
/*
 * A second proof on the same gate, at another hook: the challenge with each of its bits inverted.
 * It shows what a feature adds to the gate: a magic number, a length, and this one function.
 * Hook: TC. Minimum kernel: 6.1.
 */
#define GATE_MAGIC	 0x434F554E /* "COUN" */
#define GATE_PROOF_BYTES 32

#include "../lib/hook_tc.h"
#include "../lib/gate.h"

char _license[] SEC("license") = "GPL";

INLINE enum reason check_proof(struct gate *g, const struct challenge *challenge, const __u8 *proof)
{
	const __u32 *given = (const __u32 *)challenge, *inverted = (const __u32 *)proof;
	__u32 wrong = 0;

#pragma unroll
	for (int i = 0; i < GATE_PROOF_BYTES / 4; i++)
		wrong |= given[i] ^ ~inverted[i];
	return wrong ? DROP_PROOF : REASON_NONE;
}

SEC("tc")
int counter_gate(struct __sk_buff *ctx)
{
	return gate_run(ctx, 0);
}
