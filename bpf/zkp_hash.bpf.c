// SPDX-License-Identifier: GPL-2.0-only
/*
 * A source reaches the protected ports after it has answered a challenge by a secret that it shares
 * with the gate. Hook: TC ingress. Minimum kernel: 6.1; no kfuncs.
 */
#include "zkp.h"

#define GATE_PROOF_BYTES ZKP_HASH_BYTES

#include "lib/hook_tc.h"
#include "lib/gate.h"
#include "lib/zkp_hash.h"

char _license[] SEC("license") = "GPL";

INLINE enum reason check_proof(struct gate *g, const struct challenge *challenge, const __u8 *proof)
{
	return zkp_hash_check(g, challenge, (const struct zkp_hash *)proof);
}

SEC("tc")
int zkp_hash_gate(struct __sk_buff *ctx)
{
	struct gate g = {.config_index = read_once(gate_active)};
	enum reason reason = gate_judge(ctx, &g);
	int action = gate_act(ctx, &g, reason);

	if (reason == ANSWER_ADMITTED)
		zkp_count_proof(g.subject);
	return action == GATE_PASSES ? hook_pass(ctx, 0) : action;
}
