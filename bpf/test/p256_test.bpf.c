// SPDX-License-Identifier: GPL-2.0-only
/*
 * lib/p256.h by itself, for BPF_PROG_TEST_RUN: each run takes the next case of an array, so that
 * one test run with repeat goes through many. Hooks: XDP and TC. Minimum kernel: 6.1.
 */
#include "../lib/p256.h"

char _license[] SEC("license") = "GPL";

/* Programs of different hooks may interrupt each other: each has a work area of its own. */
struct work_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct p256_work);
};

struct work_map xdp_work SEC(".maps");
struct work_map tc_work SEC(".maps");

enum p256_operation {
	P256_ECDSA,
	P256_SUM_CHECK,
	P256_SUM_AFFINE,
};

/* packages/primitives/src/p256.ts knows this layout. */
struct p256_case {
	struct p256_digest digest;
	union {
		struct p256_signature signature;
		struct p256_scalars scalars;
	};
	struct p256_xy point;
	__u32 operation;
	__u32 key;
	__u32 flags;
	__s32 result;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct p256_case);
} cases SEC(".maps");

__u32 next_case;

INLINE int run(struct p256_work *work, struct p256_case *c)
{
	switch (c->operation) {
	case P256_ECDSA:
		return p256_ecdsa_verify(work, c->key, &c->digest, &c->signature, c->flags);
	case P256_SUM_CHECK:
		return p256_sum_check(work, c->key, &c->scalars, &c->point, c->flags);
	default:
		return p256_sum_affine(work, c->key, &c->scalars, &c->point, c->flags);
	}
}

INLINE bool run_next(struct p256_work *work)
{
	__u32 index = next_case++;
	struct p256_case *c = bpf_map_lookup_elem(&cases, &index);

	if (!work || !c)
		return false;
	c->result = run(work, c);
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
