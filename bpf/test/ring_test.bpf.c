// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes records of any length to a ring, and discards some of them: for tests of the ring's
 * reader. Hook: syscall. Kernel 6.1.
 */
#include "../lib/common.h"

char _license[] SEC("license") = "GPL";

enum {
	RECORD_MAX = 1024,
};

/* What records hold, after their number. */
__u8 content[RECORD_MAX];
__u64 lost;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 14);
} records SEC(".maps");

/* A record: less than RECORD_MAX bytes. */
struct write_args {
	__u32 number;
	__u32 length;
	__u32 discarded;
};

SEC("syscall")
int write_record(struct write_args *ctx)
{
	__u32 length = ctx->length & (RECORD_MAX - 1), number = ctx->number;
	bool discarded = ctx->discarded;
	struct bpf_dynptr record;

	if (bpf_ringbuf_reserve_dynptr(&records, length, 0, &record))
		__sync_fetch_and_add(&lost, 1);
	bpf_dynptr_write(&record, 0, content, length, 0);
	bpf_dynptr_write(&record, 0, &number, sizeof(number), 0);
	if (discarded)
		bpf_ringbuf_discard_dynptr(&record, 0);
	else
		bpf_ringbuf_submit_dynptr(&record, 0);
	return 0;
}
