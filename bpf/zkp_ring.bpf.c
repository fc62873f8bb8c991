// SPDX-License-Identifier: GPL-2.0-only
/*
 * A source reaches the protected ports after it has proved that it holds one of the private keys of
 * a group; the gate does not learn which one. Hook: TC ingress. Minimum kernel: 6.1; no kfuncs.
 */
#include "zkp.h"

#define GATE_PROOF_BYTES     ZKP_RING_BYTES
#define GATE_PROOF_BYTES_MAX (ZKP_RING_BYTES + ZKP_RING_MEMBERS * ZKP_SCALAR_BYTES)
#define MESSAGE_HEAD_MAX     256
#define MESSAGE_LENGTH_MAX   256

#include "lib/hook_tc.h"
#include "lib/zkp_ring.h"

char _license[] SEC("license") = "GPL";

INLINE enum reason check_proof(struct gate *g, const struct challenge *challenge, const __u8 *proof)
{
	return zkp_ring_take(g, challenge, (const struct zkp_ring *)proof);
}

SEC("tc")
int zkp_ring_gate(struct __sk_buff *ctx)
{
	struct zkp_work *work = gate_work_begin();
	int reason, action;

	if (!work) {
		count(DROP_CURVE_BUDGET, hook_frame_length(ctx));
		return hook_drop();
	}
	reason = zkp_first(ctx, &work->gate);
	if (reason == GATE_SUSPENDED)
		reason = zkp_ring_settle(ctx, work, zkp_ring_check(ctx, work));
	action = gate_act(ctx, &work->gate, reason);
	work_end(work);
	return action == GATE_PASSES ? hook_pass(ctx, 0) : action;
}
