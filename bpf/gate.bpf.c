// SPDX-License-Identifier: GPL-2.0-only
/*
 * What all gates have in common, as an object of its own: core's controller is generated from it.
 * It admits nobody and is never attached.
 */
#define GATE_MAGIC	 0
#define GATE_PROOF_BYTES 16

#include "lib/hook_tc.h"
#include "lib/gate.h"

char _license[] SEC("license") = "GPL";

INLINE enum reason check_proof(struct gate *g, const struct challenge *challenge, const __u8 *proof)
{
	return DROP_PROOF;
}

SEC("tc")
int gate(struct __sk_buff *ctx)
{
	return gate_run(ctx, 0);
}
