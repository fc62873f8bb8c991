// SPDX-License-Identifier: GPL-2.0-only
/*
 * An audit log that is sealed in the kernel: events of processes, at raw tracepoints, each
 * encrypted under a key that is overwritten soon after. Minimum kernel: 6.1, with BTF.
 */
#include "lib/log_connection.h"
#include "lib/log_epoch.h"
#include "lib/log_privilege.h"
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
	stream = log_claim_for(LOG_EXIT);
	if (stream) {
		log_fill_exit(stream, task);
		log_finish(stream);
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

/* A process asks for a connection; whether it comes about is not known yet. */
SEC("?raw_tp/inet_sock_set_state")
int log_connect(struct bpf_raw_tracepoint_args *ctx)
{
	if (ctx->args[1] == LOG_CLOSED && ctx->args[2] == LOG_SYN_SENT)
		log_record_connection((void *)ctx->args[0], LOG_CONNECT);
	return 0;
}

/* Whatever its arguments are: they changed with Linux 6.10. */
SEC("?fexit/inet_csk_accept")
int log_accept(__u64 *ctx)
{
	__u64 sock = 0;

	if (!bpf_get_func_ret(ctx, &sock) && sock)
		log_record_connection((void *)sock, LOG_ACCEPT);
	return 0;
}

SEC("?fentry/commit_creds")
int log_credentials(__u64 *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct log_credentials change = {};
	struct log_stream *stream;

	if (!log_wants(LOG_CREDENTIALS) ||
	    !log_fill_change(&change, (void *)ctx[0], BPF_CORE_READ(task, cred)))
		return 0;
	stream = log_claim();
	if (!stream)
		return 0;
	log_fill_credentials_change(stream, task, &change);
	log_finish(stream);
	return 0;
}

SEC("?raw_tp/module_load")
int log_module(struct bpf_raw_tracepoint_args *ctx)
{
	struct log_stream *stream = log_claim_for(LOG_MODULE);

	if (!stream)
		return 0;
	log_fill_module(stream, (void *)bpf_get_current_task(), (void *)ctx->args[0]);
	log_finish(stream);
	return 0;
}

/* Where the kernel tells perf of a program that was loaded. */
SEC("?fentry/perf_event_bpf_event")
int log_bpf(__u64 *ctx)
{
	struct log_stream *stream;

	if ((__u32)ctx[1] != LOG_PROGRAM_LOADED)
		return 0;
	stream = log_claim_for(LOG_BPF);
	if (!stream)
		return 0;
	log_fill_bpf(stream, (void *)bpf_get_current_task(), (void *)ctx[0]);
	log_finish(stream);
	return 0;
}

/* The controller's: heartbeats and epochs. Returns a log_result. */
SEC("syscall")
int log_do(struct log_call *call)
{
	return log_control(call->stream, call->operation);
}
