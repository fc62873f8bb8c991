// SPDX-License-Identifier: GPL-2.0-only
/* What the benchmark of the loader reads: a ring, filled on demand, and a map. */
#include "../lib/common.h"

#define RECORD_WORDS 8

char _license[] SEC("license") = "GPL";

struct bench_record {
	__u64 words[RECORD_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 * 1024 * 1024);
} records SEC(".maps");

/* A record of counters, as maps have them. */
struct bench_value {
	__u32 packets;
	__u32 bytes;
	__u32 drops;
	__u32 retries;
	__u32 first_s;
	__u32 last_s;
	__u32 rate;
	__u32 burst;
	__u32 state;
	__u32 reason;
	__u32 difficulty;
	__u32 lifetime_s;
	__u32 port;
	__u32 protocol;
	__u32 cpu;
	__u32 generation;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct bench_value);
} values SEC(".maps");

struct bench_fill {
	__u32 count;
	__u32 filled;
};

static int fill_one(__u32 i, struct bench_fill *fill)
{
	struct bench_record *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);

	if (!record)
		return 1;
#pragma unroll
	for (int word = 0; word < RECORD_WORDS; word++)
		record->words[word] = i + word;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	fill->filled++;
	return 0;
}

/* Puts so many records into the ring, or as many as it takes. Returns how many. */
SEC("syscall")
int bench_fill(struct bench_fill *ctx)
{
	struct bench_fill fill = {.count = ctx->count};

	bpf_loop(fill.count, fill_one, &fill, 0);
	return fill.filled;
}
