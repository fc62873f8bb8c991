/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for what is known of one packet, where the stack is too small for it: two for each CPU.
 * Before 6.4, a packet can come in while the controller runs the program by itself; the second run
 * takes the second. Before it includes this header, a feature defines WORK, a struct with a __u64
 * busy, and WORKS, the map's name.
 */
#pragma once

#include "common.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u8[sizeof(WORK)]);
} WORKS SEC(".maps");

INLINE WORK *work_at(__u32 level)
{
	return bpf_map_lookup_elem(&WORKS, &level);
}

/* To be given back with work_end(). NULL: there are two already. */
INLINE WORK *work_take(void)
{
	WORK *work = work_at(0);

	if (work && read_once(work->busy))
		work = work_at(1);
	if (!work || read_once(work->busy))
		return NULL;
	write_once(work->busy, 1);
	return work;
}

/* The one of this run. */
INLINE WORK *work_now(void)
{
	WORK *work = work_at(1);

	return work && read_once(work->busy) ? work : work_at(0);
}

INLINE void work_end(WORK *work)
{
	write_once(work->busy, 0);
}
