/* SPDX-License-Identifier: GPL-2.0-only */
/* What every program here starts from: kernel types, helpers, and three short names. */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "built for little-endian machines: hashes read packet words as they lie"
#endif

#define NS_PER_S 1000000000ULL

#define INLINE	  static __always_inline
#define NO_INLINE __attribute__((noinline))

/* Keeps the compiler from widening, hoisting or re-deriving a value whose bounds were just checked.
 */
#define opaque(x) asm volatile("" : "+r"(x))

/* A read that is made once, of memory that another CPU may write. */
#define read_once(x)	     (*(const volatile typeof(x) *)&(x))
#define write_once(x, value) (*(volatile typeof(x) *)&(x) = (value))
