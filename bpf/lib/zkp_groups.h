/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Groups of keys, by 16-bit numbers, and how often members were admitted. A group has an epoch at a
 * time, and during a change of members the one before; each is a ring in a place of its own. The
 * controller makes an epoch count by one word, and gives its place to another one only after a
 * while.
 */
#pragma once

#include "../zkp.h"
#include "gate_state.h"
#include "p256_types.h"
#include "sha256.h"

#define ZKP_GROUP_IDS	   1024
#define ZKP_RINGS_DEFAULT  8
#define ZKP_IMAGES_DEFAULT 256

/* Places of rings, from 1 on; 0: none. */
struct zkp_group {
	__u32 current;
	__u32 previous;
};

/* Written by the controller alone. */
struct zkp_ring_key {
	struct sha256_state start; /* after label || audience || members || group || epoch */
	__u64 until_ns;		   /* boot clock; 0: for ever */
	__u32 epoch;
	__u32 members;
	__u32 limit; /* admissions of one member in this epoch; 0: they are not counted */
	__u32 base;  /* table of the point that images are multiples of */
	__u32 table[ZKP_RING_MEMBERS]; /* of each member's key */
};

/* group -> its rings; one word */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ZKP_GROUP_IDS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct zkp_group);
} groups SEC(".maps");

/* place - 1 -> ring */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ZKP_RINGS_DEFAULT);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct zkp_ring_key);
} rings SEC(".maps");

/* A member in an epoch; who it is, the image does not say. */
struct zkp_image {
	__u8 x[32];
	__u32 epoch;
	__u16 group;
	__u16 reserved;
};

/*
 * image -> admissions. It has room for one image of each member of each ring, and only a proof that
 * holds adds one, so it is never full; the controller takes out those of epochs that are over.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ZKP_IMAGES_DEFAULT);
	__type(key, struct zkp_image);
	__type(value, __u64);
} images SEC(".maps");

INLINE const struct zkp_ring_key *zkp_ring_at(__u32 place)
{
	__u32 index = place - 1;

	return place ? bpf_map_lookup_elem(&rings, &index) : NULL;
}

/* The ring of that group and epoch, in *ring. Returns an enum reason. */
INLINE enum reason zkp_find_ring(const struct zkp_ring_key **ring, __u16 id, __u32 epoch,
				 __u64 now_ns)
{
	__u32 key = id;
	struct zkp_group *word = bpf_map_lookup_elem(&groups, &key), group;

	if (!word)
		return DROP_GROUP;
	*(__u64 *)&group = read_once(*(__u64 *)word);
	if (!group.current)
		return DROP_GROUP;
	*ring = zkp_ring_at(group.current);
	if (!*ring || (*ring)->epoch != epoch)
		*ring = zkp_ring_at(group.previous);
	if (!*ring || (*ring)->epoch != epoch)
		return DROP_GROUP_EPOCH;
	return (*ring)->until_ns && (*ring)->until_ns <= now_ns ? DROP_GROUP_EPOCH : REASON_NONE;
}

INLINE bool zkp_image_is_spent(const struct zkp_image *image, __u32 limit)
{
	__u64 *admissions = bpf_map_lookup_elem(&images, image);

	return admissions && read_once(*admissions) >= limit;
}

/* One more admission. Returns an enum reason. */
INLINE enum reason zkp_image_take(const struct zkp_image *image, __u32 limit)
{
	__u64 none = 0, *admissions;

	bpf_map_update_elem(&images, image, &none, BPF_NOEXIST);
	admissions = bpf_map_lookup_elem(&images, image);
	if (!admissions)
		return DROP_IMAGES_FULL;
	if (__sync_fetch_and_add(admissions, 1) < limit)
		return REASON_NONE;
	__sync_fetch_and_add(admissions, -1);
	return DROP_IMAGE_LIMIT;
}

/* It did not come to an admission. */
INLINE void zkp_image_give_back(const struct zkp_image *image)
{
	__u64 *admissions = bpf_map_lookup_elem(&images, image);

	if (admissions)
		__sync_fetch_and_add(admissions, -1);
}
