/* SPDX-License-Identifier: GPL-2.0-only */
/* Maps of one element, and that element. */
#pragma once

#include "../lib/common.h"

#define ONE_OF(content, name)                                                                      \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(map_flags, BPF_F_MMAPABLE);                                                 \
		__uint(max_entries, 1);                                                            \
		__type(key, __u32);                                                                \
		__type(value, content);                                                            \
	} name SEC(".maps")

#define ONE_PER_CPU(content, name)                                                                 \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                           \
		__uint(max_entries, 1);                                                            \
		__type(key, __u32);                                                                \
		__type(value, content);                                                            \
	} name SEC(".maps")

INLINE void *only(void *map)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(map, &zero);
}
