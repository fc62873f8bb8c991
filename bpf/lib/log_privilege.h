/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of what gives power: other credentials, modules, programs of BPF. */
#pragma once

#include "log_filter.h"

#define LOG_PROGRAM_LOADED 1 /* PERF_BPF_EVENT_PROG_LOAD */

struct module {
	char name[LOG_MODULE_BYTES];
	unsigned long taints;
} KERNEL_STRUCT;

struct bpf_prog_aux {
	__u32 id;
	char name[16];
} KERNEL_STRUCT;

struct bpf_prog {
	__u32 len;
	enum bpf_prog_type type;
	enum bpf_attach_type expected_attach_type;
	__u8 tag[8];
	struct bpf_prog_aux *aux;
} KERNEL_STRUCT;

INLINE __u64 log_capabilities(const kernel_cap_t *set)
{
	__u64 bits = 0;

	bpf_probe_read_kernel(&bits, sizeof(bits), set);
	return bits;
}

INLINE void log_read_credentials(struct log_credentials *to, const struct cred *cred)
{
	to->permitted = log_capabilities(&cred->cap_permitted);
	to->effective = log_capabilities(&cred->cap_effective);
	to->uid = BPF_CORE_READ(cred, uid.val);
	to->gid = BPF_CORE_READ(cred, gid.val);
	to->euid = BPF_CORE_READ(cred, euid.val);
	to->egid = BPF_CORE_READ(cred, egid.val);
	to->suid = BPF_CORE_READ(cred, suid.val);
	to->sgid = BPF_CORE_READ(cred, sgid.val);
}

/* Whether they are others than before. All programs that begin commit credentials, mostly the same.
 */
INLINE bool log_fill_change(struct log_credentials *change, const struct cred *now,
			    const struct cred *before)
{
	struct log_credentials old = {};

	log_read_credentials(change, now);
	log_read_credentials(&old, before);
	change->permitted_before = old.permitted;
	change->effective_before = old.effective;
	return change->permitted != old.permitted || change->effective != old.effective ||
	       change->uid != old.uid || change->gid != old.gid || change->euid != old.euid ||
	       change->egid != old.egid || change->suid != old.suid || change->sgid != old.sgid;
}

INLINE void log_fill_credentials_change(struct log_stream *stream, struct task_struct *task,
					const struct log_credentials *change)
{
	struct log_credentials *to = log_payload_of(stream);

	log_begin(stream, task, LOG_CREDENTIALS, sizeof(*to));
	*to = *change;
}

INLINE void log_fill_module(struct log_stream *stream, struct task_struct *task,
			    struct module *module)
{
	struct log_module *to = log_payload_of(stream);

	log_begin(stream, task, LOG_MODULE, sizeof(*to));
	to->taints = BPF_CORE_READ(module, taints);
	__builtin_memset(to->name, 0, sizeof(to->name));
	bpf_core_read_str(to->name, sizeof(to->name), &module->name);
}

INLINE void log_fill_bpf(struct log_stream *stream, struct task_struct *task,
			 struct bpf_prog *program)
{
	struct log_bpf *to = log_payload_of(stream);
	struct bpf_prog_aux *aux = BPF_CORE_READ(program, aux);

	log_begin(stream, task, LOG_BPF, sizeof(*to));
	to->id = BPF_CORE_READ(aux, id);
	to->type = BPF_CORE_READ(program, type);
	to->attach = BPF_CORE_READ(program, expected_attach_type);
	to->instructions = BPF_CORE_READ(program, len);
	bpf_core_read(to->tag, sizeof(to->tag), &program->tag);
	bpf_core_read(to->name, sizeof(to->name), &aux->name);
}
