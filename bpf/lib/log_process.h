/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of processes that begin to run a program, and that end. */
#pragma once

#include "log_filter.h"

/* Arguments as they lie in the process's memory, which exec has just written. */
INLINE __u64 log_read_arguments(__u8 *to, struct task_struct *task, struct log_exec *exec)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	unsigned long start = BPF_CORE_READ(mm, arg_start);
	__u64 length = BPF_CORE_READ(mm, arg_end) - start;

	exec->argv_whole = length;
	if (length > LOG_ARGV_MAX)
		length = LOG_ARGV_MAX;
	opaque(length);
	if (length > LOG_ARGV_MAX || bpf_probe_read_user(to, length, (void *)start))
		return 0;
	return length;
}

INLINE void log_fill_exec(struct log_stream *stream, struct task_struct *task, const char *name)
{
	struct log_exec *exec = log_payload_of(stream);
	__u8 *strings = (__u8 *)(exec + 1);
	long path = bpf_probe_read_kernel_str(strings, LOG_PATH_MAX, name);

	if (path < 0)
		path = 0;
	opaque(path);
	if (path > LOG_PATH_MAX)
		return;
	exec->reserved = 0;
	exec->path_length = path;
	exec->argv_length = log_read_arguments(strings + path, task, exec);
	log_begin(stream, task, LOG_EXEC, sizeof(*exec) + path + exec->argv_length);
}

INLINE void log_fill_exit(struct log_stream *stream, struct task_struct *task)
{
	struct log_exit *end = log_payload_of(stream);
	int code = BPF_CORE_READ(task, signal, group_exit_code);

	log_begin(stream, task, LOG_EXIT, sizeof(*end));
	if (!code)
		code = BPF_CORE_READ(task, exit_code);
	end->duration_ns = bpf_ktime_get_boot_ns() - log_process_of(stream)->started_ns;
	end->code = code >> 8 & 0xff;
	end->signal = code & 0xff;
}
