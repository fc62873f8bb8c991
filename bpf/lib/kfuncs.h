/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions that no released kernel gives to BPF, but patched ones do. They are weak: where the
 * kernel has none of that name, bpf_ksym_exists() is a constant 0 when the program is loaded, and
 * the verifier throws away what depends on it. From user space: features.probe('kfunc:NAME').
 *
 * A kernel gives them to some types of programs, and refuses others that so much as name them: only
 * XDP and TC programs may. libbpf finds those of modules from version 1.2 on; before, a program
 * that asks for one which only a module has does not load.
 */
#pragma once

#include "common.h"

#ifndef bpf_ksym_exists /* libbpf before 1.2 */
#define bpf_ksym_exists(symbol) (!!(symbol))
#endif

struct bpf_dynptr;

/* Writes the 32 bytes of SHA-256 of data to out. Returns 0 or an error. */
extern int bpf_sha256_hash(const struct bpf_dynptr *data,
			   const struct bpf_dynptr *out) __ksym __weak;
