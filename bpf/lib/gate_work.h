/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for what is known of one packet, where a proof is checked on the curve. The curve needs
 * most of the stack, so the program is in parts, one called after the other, and what they share
 * lies in a map. Before it includes this header, a feature defines GATE_WORK, a struct that begins
 * with a struct gate and a __u64 busy.
 */
#pragma once

#include "gate_state.h"

/*
 * Two for each CPU: before 6.4, a packet can come in while the controller runs the program by
 * itself. The second run takes the second.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u8[sizeof(GATE_WORK)]);
} gate_works SEC(".maps");

INLINE GATE_WORK *gate_work_at(__u32 level)
{
	return bpf_map_lookup_elem(&gate_works, &level);
}

/* To be given back with gate_work_end(). NULL: there are two already. */
INLINE GATE_WORK *gate_work_begin(void)
{
	GATE_WORK *work = gate_work_at(0);

	if (work && read_once(work->busy))
		work = gate_work_at(1);
	if (!work || read_once(work->busy))
		return NULL;
	write_once(work->busy, 1);
	__builtin_memset(&work->gate, 0, sizeof(work->gate));
	work->gate.config_index = read_once(gate_active);
	return work;
}

/* The one of this run. */
INLINE GATE_WORK *gate_work_now(void)
{
	GATE_WORK *work = gate_work_at(1);

	return work && read_once(work->busy) ? work : gate_work_at(0);
}

INLINE void gate_work_end(GATE_WORK *work)
{
	write_once(work->busy, 0);
}
