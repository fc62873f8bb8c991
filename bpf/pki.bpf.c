// SPDX-License-Identifier: GPL-2.0-only
/*
 * Certificates at TC: a source reaches the protected ports after it has presented a chain of X.509
 * certificates up to an authority that the operator trusts, and has signed a challenge with the key
 * of the first of them. Minimum kernel: 6.1; no kfuncs.
 */
#define MESSAGE_HEAD_MAX   1408
#define MESSAGE_LENGTH_MAX 1408
#define GATE_GRANTS

#include "pki.h"
#include "lib/hook_tc.h"
#include "lib/pki_gate.h"

char _license[] SEC("license") = "GPL";

/* Signatures one after the other, each within the stack that is left. */
INLINE int pki_signatures(struct pki_work *work)
{
	for (int i = 0; i <= PKI_CERTIFICATES_MAX && work->step < work->steps; i++) {
		int reason = pki_prepare(work);

		if (!reason)
			reason = pki_verify(work);
		if (reason)
			return reason;
	}
	return work->step < work->steps ? DROP_CERT_SIGNATURE : REASON_NONE;
}

SEC("tc")
int pki(struct __sk_buff *ctx)
{
	struct pki_work *work = gate_work_begin();
	int reason, action;

	if (!work) {
		count(DROP_CURVE_BUDGET, hook_frame_length(ctx));
		return TC_ACT_SHOT;
	}
	reason = pki_first(ctx, &work->gate);
	if (reason == GATE_SUSPENDED) {
		reason = pki_chain(ctx, work);
		if (!reason)
			reason = pki_signatures(work);
		reason = pki_last(ctx, work, reason);
	}
	action = gate_act(ctx, &work->gate, reason);
	work_end(work);
	return action == GATE_PASSES ? hook_pass(ctx, 0) : action;
}
