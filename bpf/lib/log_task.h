/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is read of tasks, by CO-RE: these fields of the kernel's structs, wherever the running
 * kernel has them.
 */
#pragma once

#include <bpf/bpf_core_read.h>

#include "seal.h"

#define KERNEL_STRUCT __attribute__((preserve_access_index))

#define LOG_NO_ID ~0U

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	__u32 val;
} kuid_t;

typedef struct {
	__u32 val;
} kgid_t;

/* One 64-bit number, or two halves of it before Linux 6.3. */
typedef struct kernel_cap_struct {
	__u64 val;
} kernel_cap_t;

struct cred {
	kuid_t uid;
	kgid_t gid;
	kuid_t suid;
	kgid_t sgid;
	kuid_t euid;
	kgid_t egid;
	kernel_cap_t cap_permitted;
	kernel_cap_t cap_effective;
} KERNEL_STRUCT;

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
} KERNEL_STRUCT;

struct signal_struct {
	atomic_t live; /* threads */
	int group_exit_code;
} KERNEL_STRUCT;

struct task_struct {
	int pid;
	int tgid;
	int exit_code;
	unsigned int sessionid; /* it and loginuid: with CONFIG_AUDIT */
	kuid_t loginuid;
	__u64 start_boottime;
	struct task_struct *real_parent;
	const struct cred *cred;
	struct mm_struct *mm;
	struct signal_struct *signal;
	char comm[LOG_COMM_BYTES];
} KERNEL_STRUCT;

struct linux_binprm {
	const char *filename;
} KERNEL_STRUCT;

INLINE struct log_process *log_process_of(struct log_stream *stream)
{
	return (struct log_process *)(log_prefix_of(stream) + 1);
}

/* What comes after the process. */
INLINE void *log_payload_of(struct log_stream *stream)
{
	return log_process_of(stream) + 1;
}

INLINE void log_fill_credentials(struct log_process *process, struct task_struct *task)
{
	const struct cred *cred = BPF_CORE_READ(task, cred);

	process->uid = BPF_CORE_READ(cred, uid.val);
	process->gid = BPF_CORE_READ(cred, gid.val);
	process->euid = BPF_CORE_READ(cred, euid.val);
	process->egid = BPF_CORE_READ(cred, egid.val);
	process->loginuid = LOG_NO_ID;
	process->session = LOG_NO_ID;
	if (bpf_core_field_exists(task->loginuid)) {
		process->loginuid = BPF_CORE_READ(task, loginuid.val);
		process->session = BPF_CORE_READ(task, sessionid);
	}
}

/* Begins the record of an event: of so many bytes behind the process, which is the current one. */
INLINE void log_begin(struct log_stream *stream, struct task_struct *task, enum log_type type,
		      __u32 payload)
{
	struct log_prefix *prefix = log_prefix_of(stream);
	struct log_process *process = log_process_of(stream);

	prefix->type = type;
	prefix->length = sizeof(*process) + payload;
	process->cgroup = bpf_get_current_cgroup_id();
	process->started_ns = BPF_CORE_READ(task, start_boottime);
	process->pid = BPF_CORE_READ(task, tgid);
	process->ppid = BPF_CORE_READ(task, real_parent, tgid);
	log_fill_credentials(process, task);
	bpf_get_current_comm(process->comm, sizeof(process->comm));
}
