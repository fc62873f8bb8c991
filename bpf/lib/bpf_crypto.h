/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's own ciphers: 6.10+. Encryption is for XDP and TC programs alone, making a context
 * for syscall programs.
 */
#pragma once

#include "common.h"

/* The kernel finds its own type by this name. */
struct bpf_crypto_ctx {
	int unused;
};

struct bpf_crypto_params {
	char type[14];
	__u8 reserved[2];
	char algo[128];
	__u8 key[256];
	__u32 key_len;
	__u32 authsize;
};

extern struct bpf_crypto_ctx *bpf_crypto_ctx_create(const struct bpf_crypto_params *params,
						    __u32 params__sz, int *err) __ksym;
extern void bpf_crypto_ctx_release(struct bpf_crypto_ctx *ctx) __ksym;
extern int bpf_crypto_encrypt(struct bpf_crypto_ctx *ctx, const struct bpf_dynptr *src,
			      const struct bpf_dynptr *dst,
			      const struct bpf_dynptr *siv__nullable) __ksym;
