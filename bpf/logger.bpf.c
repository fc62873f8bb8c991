// SPDX-License-Identifier: GPL-2.0-only
/*
 * An audit log that is sealed in the kernel: events of processes, at raw tracepoints, each
 * encrypted under a key that is overwritten soon after. Minimum kernel: 6.1, with BTF.
 */
#include "lib/log_epoch.h"
#include "lib/log_process.h"

char _license[] SEC("license") = "GPL";

SEC("raw_tp/sched_process_exec")
int log_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct linux_binprm *program = (void *)ctx->args[2];
	const char *name = BPF_CORE_READ(program, filename);
	struct log_stream *stream;

	if (!log_wants(LOG_EXEC) || !log_wants_path(name))
		return 0;
	stream = log_claim();
	if (!stream)
		return 0;
	log_fill_exec(stream, task, name);
	log_finish(stream);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int log_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct log_stream *stream;

	if (BPF_CORE_READ(task, signal, live.counter)) /* other threads go on */
		return 0;
	if (log_wants(LOG_EXIT)) {
		stream = log_claim();
		if (stream) {
			log_fill_exit(stream, task);
			log_finish(stream);
		}
	}
	log_unfollow(BPF_CORE_READ(task, tgid));
	return 0;
}

SEC("raw_tp/sched_process_fork")
int log_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *parent = (void *)ctx->args[0], *child = (void *)ctx->args[1];

	log_follow(BPF_CORE_READ(parent, tgid), BPF_CORE_READ(child, tgid));
	return 0;
}

/* The controller's: heartbeats and epochs. Returns a log_result. */
SEC("syscall")
int log_do(struct log_call *call)
{
	return log_control(call->stream, call->operation);
}
