// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signed packets at XDP: a UDP packet reaches a protected port when it carries a signature of a
 * trusted key, or the tag of a session that such a signature opened; a protected TCP port is opened
 * by a signed knock. Minimum kernel: 6.1; no kfuncs.
 */
#include "signed_auth.h"
#include "lib/common.h"

#define GATE_JUDGES_UDP

#include "lib/hook_xdp.h"
#include "lib/signed_gate.h"

char _license[] SEC("license") = "GPL";

SEC("xdp")
int signed_auth(struct xdp_md *ctx)
{
	struct signed_work *work = signed_work_begin();
	int reason, action;

	if (!work) {
		count(DROP_CURVE_BUDGET, hook_frame_length(ctx));
		return XDP_DROP;
	}
	reason = signed_first(ctx, &work->gate);
	if (reason == GATE_SUSPENDED)
		reason = signed_last(ctx, work, signature_check(work));
	key_count(work->place, reason, work->gate.now_ns);
	action = gate_act(ctx, &work->gate, reason);
	work_end(work);
	return action == GATE_PASSES ? hook_pass(ctx, CHAIN_SIGNED_AUTH) : action;
}
