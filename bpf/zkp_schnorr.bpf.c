// SPDX-License-Identifier: GPL-2.0-only
/*
 * A source reaches the protected ports after it has proved that it knows the private half of a key.
 * Hook: TC ingress. Minimum kernel: 6.1; no kfuncs.
 */
#include "zkp.h"

#define GATE_PROOF_BYTES   ZKP_SCHNORR_BYTES
#define MESSAGE_HEAD_MAX   128
#define MESSAGE_LENGTH_MAX 128

#include "lib/hook_tc.h"
#include "lib/zkp_schnorr.h"

char _license[] SEC("license") = "GPL";

INLINE enum reason check_proof(struct gate *g, const struct challenge *challenge, const __u8 *proof)
{
	return zkp_schnorr_take(g, challenge, (const struct zkp_schnorr *)proof);
}

SEC("tc")
int zkp_schnorr_gate(struct __sk_buff *ctx)
{
	struct zkp_work *work = gate_work_begin();
	int reason, action;

	if (!work) {
		count(DROP_CURVE_BUDGET, hook_frame_length(ctx));
		return hook_drop();
	}
	reason = zkp_first(ctx, &work->gate);
	if (reason == GATE_SUSPENDED)
		reason = zkp_last(ctx, &work->gate, zkp_schnorr_check(work));
	if (reason == ANSWER_ADMITTED)
		zkp_count_proof(work->gate.subject);
	action = gate_act(ctx, &work->gate, reason);
	work_end(work);
	return action == GATE_PASSES ? hook_pass(ctx, 0) : action;
}
