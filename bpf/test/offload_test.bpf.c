// SPDX-License-Identifier: GPL-2.0-only
/* lib/offload_decide.h by itself, for BPF_PROG_TEST_RUN: decisions on what the maps say. Minimum
 * kernel: 6.1. */
#include "../lib/common.h"
#include "../lib/offload_decide.h"

char _license[] SEC("license") = "GPL";

/* 0 -> what is to be decided, and the decision */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct offload_choice);
} choice SEC(".maps");

struct offload_lesson {
	__u32 class;
	__u32 route;
	__u32 depth;
	__u32 latency_ns;
	__u32 cost_ns;
};

struct offload_lesson lesson;

SEC("xdp")
int test_decide(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct offload_choice *c = bpf_map_lookup_elem(&choice, &zero);

	return offload_decide(c) ? XDP_ABORTED : XDP_PASS;
}

SEC("xdp")
int test_learn(struct xdp_md *ctx)
{
	offload_learn(lesson.class, lesson.route, lesson.depth, lesson.latency_ns, lesson.cost_ns);
	return XDP_PASS;
}

/* What a test run takes by itself. */
SEC("xdp")
int test_nothing(struct xdp_md *ctx)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&choice, &zero) ? XDP_PASS : XDP_ABORTED;
}
