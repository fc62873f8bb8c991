// SPDX-License-Identifier: GPL-2.0-only
/*
 * P-256 by the clock, for BPF_PROG_TEST_RUN with repeat: each run checks the next item of an array,
 * round and round. Hook: XDP. Minimum kernel: 6.1.
 *
 *   bench_enrolled	ECDSA with the key's table
 *   bench_generic	ECDSA with a key from the item, decoded and without a table
 *   bench_sum		a * G + b * Q == R with the key's table
 *   bench_sum_generic	the same without it
 *
 * The slow path that a key's owner can force is a matter of items: signatures with u1 * G = u2 * Q
 * make the last addition a doubling. bench/primitives/p256.mjs fills the maps, widths
 * and limits.
 */
#include "../lib/p256_decode.h"

char _license[] SEC("license") = "GPL";

struct p256_item {
	struct p256_digest digest;
	struct p256_signature signature;
	struct p256_scalars scalars;
	struct p256_xy point;
	struct p256_xy given;
	__u32 key;
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct p256_item);
} items SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct p256_generic_work);
} work_area SEC(".maps");

/* How many items there are. */
const volatile __u32 rotation = 1;

__u32 next_item;
/* Runs whose item was found good: all of them should be. */
__u64 accepted;

INLINE struct p256_item *take_item(void)
{
	__u32 index = next_item;

	next_item = index + 1 < rotation ? index + 1 : 0;
	return bpf_map_lookup_elem(&items, &index);
}

INLINE struct p256_generic_work *take_work(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&work_area, &zero);
}

INLINE int count(int result)
{
	if (result == P256_OK)
		accepted++;
	return result == P256_OK ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int bench_enrolled(struct xdp_md *ctx)
{
	struct p256_generic_work *work = take_work();
	struct p256_item *item = take_item();

	if (!work || !item)
		return XDP_ABORTED;
	return count(
		p256_ecdsa_verify(&work->common, item->key, &item->digest, &item->signature, 0));
}

SEC("xdp")
int bench_generic(struct xdp_md *ctx)
{
	struct p256_generic_work *work = take_work();
	struct p256_item *item = take_item();

	if (!work || !item)
		return XDP_ABORTED;
	if (p256_load_xy(work, &item->given))
		return XDP_DROP;
	return count(p256_generic_verify(work, &item->digest, &item->signature, 0));
}

SEC("xdp")
int bench_sum(struct xdp_md *ctx)
{
	struct p256_generic_work *work = take_work();
	struct p256_item *item = take_item();

	if (!work || !item)
		return XDP_ABORTED;
	return count(p256_sum_check(&work->common, item->key, &item->scalars, &item->point,
				    P256_NEGATE_KEY));
}

SEC("xdp")
int bench_sum_generic(struct xdp_md *ctx)
{
	struct p256_generic_work *work = take_work();
	struct p256_item *item = take_item();

	if (!work || !item)
		return XDP_ABORTED;
	if (p256_load_xy(work, &item->given))
		return XDP_DROP;
	return count(p256_generic_sum_check(work, &item->scalars, &item->point, P256_NEGATE_KEY));
}
