/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The work of a gate whose proof is checked on the curve. The curve needs most of the stack, so the
 * program is in parts, one called after the other, and what they share lies in a map. Before it
 * includes this header, a feature defines GATE_WORK, a struct that begins with a struct gate and a
 * __u64 busy.
 */
#pragma once

#include "gate_state.h"

#define WORK  GATE_WORK
#define WORKS gate_works
#include "works.h"

/* To be given back with work_end(). NULL: there are two already. */
INLINE GATE_WORK *gate_work_begin(void)
{
	GATE_WORK *work = work_take();

	if (!work)
		return NULL;
	__builtin_memset(&work->gate, 0, sizeof(work->gate));
	work->gate.config_index = read_once(gate_active);
	return work;
}
