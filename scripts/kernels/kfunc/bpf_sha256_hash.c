// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a patched kernel has, as a module for tests: bpf_sha256_hash() for XDP and TC programs, by
 * the kernel's own SHA-256. The parameter calls counts its calls, fail makes it return -EINVAL.
 */
#include <crypto/sha2.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/module.h>

static unsigned long calls;
module_param(calls, ulong, 0444);
static bool fail;
module_param(fail, bool, 0644);

/* The kernel exports none of its own: dynptrs of memory, as bpf_dynptr_from_mem() makes them. */
#define DYNPTR_SIZE 0xffffff

static void *memory_of(const struct bpf_dynptr_kern *from)
{
	return from->data ? from->data + from->offset : NULL;
}

__bpf_kfunc_start_defs();

__bpf_kfunc int bpf_sha256_hash(const struct bpf_dynptr *data, const struct bpf_dynptr *out)
{
	const struct bpf_dynptr_kern *from = (const void *)data, *to = (const void *)out;

	calls++;
	if (fail || !memory_of(from) || !memory_of(to) ||
	    (to->size & DYNPTR_SIZE) != SHA256_DIGEST_SIZE)
		return -EINVAL;
	sha256(memory_of(from), from->size & DYNPTR_SIZE, memory_of(to));
	return 0;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(ids)
BTF_ID_FLAGS(func, bpf_sha256_hash)
BTF_KFUNCS_END(ids)

static const struct btf_kfunc_id_set set = {
	.owner = THIS_MODULE,
	.set = &ids,
};

static int __init begin(void)
{
	int error = register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &set);

	return error ?: register_btf_kfunc_id_set(BPF_PROG_TYPE_SCHED_CLS, &set);
}

static void __exit end(void)
{
}

module_init(begin);
module_exit(end);
MODULE_DESCRIPTION("bpf_sha256_hash() for tests");
MODULE_LICENSE("GPL");
