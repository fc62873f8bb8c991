/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Public keys that the controller trusts, by their 16-bit ids. A key is in a place, which has its
 * point, its budget, and the replay windows of its senders; revoking it is one word that is set to
 * 0. The controller gives a place to another key only after a while.
 */
#pragma once

#include "common.h"
#include "drop.h"
#include "instances.h"
#include "p256_types.h"

#define KEY_IDS	       65536
#define KEYS_DEFAULT   256
#define KEY_EVER       (~0ULL)
#define KEY_REJECTIONS (DROP_SESSION_TAG - DROP_KEY_EXPIRED + 1)

/* Written by the controller alone. */
struct trusted_key {
	struct p256_xy point;
	__u64 expires_s;  /* Unix time; KEY_EVER: never */
	__u32 generation; /* differs for each key that was ever here */
	__u32 table;	  /* number of its table, from 1 on; 0: it has none */
	__u32 id;
	__u32 reserved;
};

/* Moved by the program; the controller sets it to zeros for a new key. */
struct key_state {
	__u64 curve_bucket; /* token bucket of curve operations */
	struct instances instances;
};

/* key id -> place of the key, from 1 on; 0: not trusted */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KEY_IDS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u32);
} key_places SEC(".maps");

/* place - 1 -> key */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KEYS_DEFAULT);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct trusted_key);
} keys SEC(".maps");

/* place - 1 -> state */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KEYS_DEFAULT);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u8[sizeof(struct key_state)]);
} key_states SEC(".maps");

struct key_stat {
	__u64 signatures;		/* packets passed, knocks and requests accepted */
	__u64 tags;			/* packets of sessions passed */
	__u64 last_seen_ns;		/* of those; boot clock */
	__u64 rejected[KEY_REJECTIONS]; /* by reason, from DROP_KEY_EXPIRED on */
};

/* place - 1 -> what became of packets that named the key */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KEYS_DEFAULT);
	__type(key, __u32);
	__type(value, struct key_stat);
} key_stats SEC(".maps");

/* Where the key is; 0: it is not trusted. */
INLINE __u32 key_place(__u16 id)
{
	__u32 key = id, *place = bpf_map_lookup_elem(&key_places, &key);

	return place ? read_once(*place) : 0;
}

INLINE struct trusted_key *key_at(__u32 place)
{
	__u32 index = place - 1;

	return place ? bpf_map_lookup_elem(&keys, &index) : NULL;
}

INLINE struct key_state *key_state_at(__u32 place)
{
	__u32 index = place - 1;

	return place ? bpf_map_lookup_elem(&key_states, &index) : NULL;
}

INLINE void key_count(__u32 place, enum reason reason, __u64 now_ns)
{
	__u32 index = place - 1;
	__u32 rejection = (reason == DROP_PROOF ? DROP_SIGNATURE : reason) - DROP_KEY_EXPIRED;
	struct key_stat *stat = place ? bpf_map_lookup_elem(&key_stats, &index) : NULL;

	if (!stat)
		return;
	if (is_pass(reason) || reason == ANSWER_ADMITTED) {
		stat->last_seen_ns = now_ns;
		if (reason == PASS_SESSION)
			stat->tags++;
		else
			stat->signatures++;
	} else if (rejection < KEY_REJECTIONS) {
		stat->rejected[rejection]++;
	}
}
