// SPDX-License-Identifier: GPL-2.0-only
/* Generated from p384_test.bpf.c by scripts/field. Do not edit. */
/*
 * lib/p521.h by itself, for BPF_PROG_TEST_RUN: each run takes the next case of an array. Hooks: XDP
 * and TC. Minimum kernel: 6.1.
 */
#include "../lib/p521.h"

char _license[] SEC("license") = "GPL";

/* Programs of different hooks may interrupt each other: each has a work area of its own. */
struct work_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct p521_work);
};

struct work_map xdp_work SEC(".maps");
struct work_map tc_work SEC(".maps");

struct p521_case {
	struct p521_xy key;
	struct p521_signature signature;
	struct p521_digest digest;
	__s32 result;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 512);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct p521_case);
} cases SEC(".maps");

__u32 next_case;

INLINE bool run_next(struct p521_work *work)
{
	__u32 index = next_case++;
	struct p521_case *c = bpf_map_lookup_elem(&cases, &index);

	if (!work || !c)
		return false;
	c->result = p521_ecdsa_verify(work, &c->key, &c->digest, &c->signature);
	return true;
}

SEC("xdp")
int test_xdp(struct xdp_md *ctx)
{
	__u32 zero = 0;

	return run_next(bpf_map_lookup_elem(&xdp_work, &zero)) ? XDP_PASS : XDP_ABORTED;
}

SEC("tc")
int test_tc(struct __sk_buff *skb)
{
	__u32 zero = 0;

	return run_next(bpf_map_lookup_elem(&tc_work, &zero)) ? XDP_PASS : XDP_ABORTED;
}
