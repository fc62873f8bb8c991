/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who may prove, by 16-bit numbers that are not secret. A key is in a place; revoking it is one
 * word that is set to 0, and the controller gives a place to another key only after a while, so
 * that no packet reads half of each. Before it includes this header, a feature defines struct
 * zkp_key, with a member until_ns.
 */
#pragma once

#include "gate_state.h"

#define ZKP_KEY_IDS	 65536
#define ZKP_KEYS_DEFAULT 256

/* key id -> place of the key, from 1 on; 0: none */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ZKP_KEY_IDS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u32);
} key_places SEC(".maps");

/* place - 1 -> key */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ZKP_KEYS_DEFAULT);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct zkp_key);
} keys SEC(".maps");

/* place - 1 -> proofs that were accepted */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ZKP_KEYS_DEFAULT);
	__type(key, __u32);
	__type(value, __u64);
} key_proofs SEC(".maps");

/* NULL: there is none. */
INLINE const struct zkp_key *zkp_key_of(__u16 id)
{
	__u32 key = id, *place = bpf_map_lookup_elem(&key_places, &key);
	__u32 index = place ? read_once(*place) - 1 : 0;

	return place && index != ~0U ? bpf_map_lookup_elem(&keys, &index) : NULL;
}

INLINE bool zkp_is_over(__u64 until_ns, __u64 now_ns)
{
	return until_ns && until_ns <= now_ns;
}

INLINE void zkp_count_proof(__u16 id)
{
	__u32 key = id, *place = bpf_map_lookup_elem(&key_places, &key);
	__u32 index = place ? read_once(*place) - 1 : 0;
	__u64 *proofs = bpf_map_lookup_elem(&key_proofs, &index);

	if (place && proofs)
		(*proofs)++;
}
