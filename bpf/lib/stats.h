/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets and bytes per reason, counted per CPU. */
#pragma once

#include "common.h"
#include "drop.h"

struct stat {
	__u64 packets;
	__u64 bytes;
};

/* reason -> packets and bytes */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, REASON_COUNT);
	__type(key, __u32);
	__type(value, struct stat);
} stats SEC(".maps");

INLINE void count_in(void *map, enum reason reason, __u64 bytes)
{
	__u32 key = reason;
	struct stat *stat = bpf_map_lookup_elem(map, &key);

	if (!stat)
		return;
	stat->packets++;
	stat->bytes += bytes;
}

INLINE void count(enum reason reason, __u64 bytes)
{
	count_in(&stats, reason, bytes);
}
