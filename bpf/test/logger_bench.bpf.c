// SPDX-License-Identifier: GPL-2.0-only
/*
 * For benchmarks and tests of the sealed log: records of any number at a time, sealed as those of
 * events are, and the same events in clear. Minimum kernel: 6.1.
 */
#include "../lib/log_epoch.h"
#include "../lib/log_process.h"

char _license[] SEC("license") = "GPL";

#define BENCH_EVENT 255
#define BENCH_TEXT  128

/* Records that were made, with or without room for them: for who accounts for all of them. */
__u64 bench_produced;

static long bench_record(__u64 number, void *unused)
{
	struct log_stream *stream = log_claim();
	__u64 *payload;

	__sync_fetch_and_add(&bench_produced, 1);
	if (!stream)
		return 0;
	log_prefix_of(stream)->type = BENCH_EVENT;
	log_prefix_of(stream)->length = BENCH_TEXT - sizeof(struct log_prefix);
	payload = (__u64 *)(log_prefix_of(stream) + 1);
	payload[0] = number;
	log_finish(stream);
	return 0;
}

/* Seals records of 128 bytes. A test run of a raw tracepoint program cannot be repeated: it loops.
 */
SEC("raw_tp/sched_process_exec")
int bench_seal(struct bpf_raw_tracepoint_args *ctx)
{
	bpf_loop(ctx->args[0], bench_record, NULL, 0);
	return 0;
}

/* Sends what would have been sealed. */
INLINE void bench_send_plain(struct log_stream *stream)
{
	__u64 length = log_prefix_of(stream)->length;

	log_fill_prefix(stream);
	opaque(length);
	if (length <= LOG_TEXT_MAX - sizeof(struct log_prefix))
		bpf_ringbuf_output(&log_ring, stream->message.text,
				   length + sizeof(struct log_prefix), BPF_RB_NO_WAKEUP);
	log_release(stream);
}

SEC("raw_tp/sched_process_exec")
int plain_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct linux_binprm *program = (void *)ctx->args[2];
	struct log_stream *stream;

	if (!log_wants(LOG_EXEC))
		return 0;
	stream = log_claim();
	if (!stream)
		return 0;
	log_fill_exec(stream, task, BPF_CORE_READ(program, filename));
	bench_send_plain(stream);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int plain_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct log_stream *stream;

	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	if (log_wants(LOG_EXIT)) {
		stream = log_claim();
		if (stream) {
			log_fill_exit(stream, task);
			bench_send_plain(stream);
		}
	}
	log_unfollow(BPF_CORE_READ(task, tgid));
	return 0;
}

SEC("raw_tp/sched_process_fork")
int plain_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *parent = (void *)ctx->args[0], *child = (void *)ctx->args[1];

	log_follow(BPF_CORE_READ(parent, tgid), BPF_CORE_READ(child, tgid));
	return 0;
}

SEC("syscall")
int bench_do(struct log_call *call)
{
	return log_control(call->stream, call->operation);
}
