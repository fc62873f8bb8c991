/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What has been used once and must not be used again: a bounded set whose members leave in the
 * order in which they came, when their time is over. No timer and no user space is needed: each new
 * member takes the place of the oldest. When the oldest still counts, the set is full and refuses;
 * it never forgets a member early, as an LRU map would.
 */
#pragma once

#include "common.h"
#include "drop.h"

#define SPENT_DEFAULT 65536
#define SPENT_TRIES   8

struct spent_key {
	__u64 salt;
	__u64 tag;
};

struct spent_slot {
	struct spent_key key;
	__u64 until_ns; /* boot clock; 0: the slot is free */
};

/* challenge -> boot time (ns) until which it is remembered */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SPENT_DEFAULT);
	__type(key, struct spent_key);
	__type(value, __u64);
} spent SEC(".maps");

/* place in the order -> member; as many as spent has */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SPENT_DEFAULT);
	__type(key, __u32);
	__type(value, struct spent_slot);
} spent_order SEC(".maps");

INLINE bool spent_has(const struct spent_key *key)
{
	return bpf_map_lookup_elem(&spent, key);
}

INLINE struct spent_slot *spent_slot_at(__u64 place, __u64 capacity)
{
	__u32 index = place % capacity;

	return bpf_map_lookup_elem(&spent_order, &index);
}

/*
 * The oldest slot, now ours alone; NULL when it still counts, or when too many CPUs want one at
 * once. A slot that another CPU took between two steps of ours looks as if it counted: then the
 * head has moved on, and we look again.
 */
INLINE struct spent_slot *spent_take_oldest(__u64 *head, __u64 capacity, __u64 now)
{
#pragma unroll
	for (int i = 0; i < SPENT_TRIES; i++) {
		__u64 place = read_once(*head);
		struct spent_slot *slot = spent_slot_at(place, capacity);

		if (!slot)
			return NULL;
		if (read_once(slot->until_ns) <= now &&
		    __sync_val_compare_and_swap(head, place, place + 1) == place)
			return slot;
		if (read_once(*head) == place)
			return NULL;
	}
	return NULL;
}

/* Adds key until until_ns. DROP_SPENT: it was there (also when two CPUs race); DROP_SPENT_FULL. */
INLINE enum reason spent_add(const struct spent_key *key, __u64 until_ns, __u64 now, __u64 *head,
			     __u64 capacity)
{
	struct spent_slot *slot = spent_take_oldest(head, capacity, now);
	long error;

	if (!slot)
		return DROP_SPENT_FULL;
	if (slot->until_ns) {
		struct spent_key oldest = slot->key;

		bpf_map_delete_elem(&spent, &oldest);
	}
	slot->key = *key;
	slot->until_ns = until_ns;
	error = bpf_map_update_elem(&spent, key, &until_ns, BPF_NOEXIST);
	if (!error)
		return REASON_NONE;
	slot->until_ns = 0;
	return error == -17 /* EEXIST */ ? DROP_SPENT : DROP_SPENT_FULL;
}
