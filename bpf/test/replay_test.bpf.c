// SPDX-License-Identifier: GPL-2.0-only
/*
 * The replay window of lib/ by itself, for BPF_PROG_TEST_RUN. Hook: XDP. Minimum kernel: 6.1.
 */
#include "../lib/replay.h"

char _license[] SEC("license") = "GPL";

#define REPLAY_BATCH  1024
#define REPLAY_VALUES 131072

enum replay_operation {
	REPLAY_OP_CHECK,
	REPLAY_OP_COMMIT,
};

struct replay_case {
	__u64 counter;
	enum replay_operation operation;
	enum replay verdict; /* result */
};

#define SHARED_ARRAY(name, entries, value_type)                                                    \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(map_flags, BPF_F_MMAPABLE);                                                 \
		__uint(max_entries, entries);                                                      \
		__type(key, __u32);                                                                \
		__type(value, value_type);                                                         \
	} name SEC(".maps")

SHARED_ARRAY(windows, 1, struct replay_window);
SHARED_ARRAY(batch, REPLAY_BATCH, struct replay_case);
/* counter -> how often it was accepted, whatever CPU it was on */
SHARED_ARRAY(accepted, REPLAY_VALUES, __u64);

__u32 batch_cases;

INLINE struct replay_window *the_window(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&windows, &zero);
}

/* Judges one case after the other. */
SEC("xdp")
int replay_run(struct xdp_md *ctx)
{
	struct replay_window *window = the_window();

	for (__u32 i = 0; i < REPLAY_BATCH; i++) {
		__u32 key = i;
		struct replay_case *c = bpf_map_lookup_elem(&batch, &key);

		if (!c || i >= batch_cases)
			break;
		if (c->operation == REPLAY_OP_COMMIT)
			c->verdict = replay_commit(window, c->counter);
		else
			c->verdict = replay_check(window, c->counter);
	}
	return XDP_PASS;
}

struct replay_verdicts {
	__u64 of[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct replay_verdicts);
} verdicts SEC(".maps");

/* A packet: base + next is the next counter; step is added to next, modulo limit. */
struct replay_walk {
	__u64 base;
	__u64 next;
	__u64 step;
	__u64 limit;
};

/*
 * Commits the next counter of the packet's walk to the window that all CPUs share. Each run leaves
 * the packet to the next one, so that repeated runs walk.
 */
SEC("xdp")
int replay_race(struct xdp_md *ctx)
{
	struct replay_walk *walk = (void *)(long)ctx->data;
	struct replay_verdicts *mine;
	__u32 zero = 0, verdict, counter;
	__u64 *times;

	if ((void *)(walk + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	counter = walk->base + walk->next;
	walk->next = (walk->next + walk->step) % walk->limit;
	mine = bpf_map_lookup_elem(&verdicts, &zero);
	times = bpf_map_lookup_elem(&accepted, &counter);
	if (!mine || !times)
		return XDP_ABORTED;
	verdict = replay_commit(the_window(), counter);
	if (verdict < 4)
		mine->of[verdict]++;
	if (verdict == REPLAY_FRESH)
		__sync_fetch_and_add(times, 1);
	return XDP_PASS;
}
