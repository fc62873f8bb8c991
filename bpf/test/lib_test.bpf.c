// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parts of lib/ by themselves, for BPF_PROG_TEST_RUN: the packet is the input, and comes out as the
 * result. Hook: XDP. Minimum kernel: 6.1.
 */
#include "../lib/hook_xdp.h"
#include "../lib/answer.h"
#include "../lib/hmac.h"
#include "../lib/siphash.h"
#include "../lib/token_bucket.h"

char _license[] SEC("license") = "GPL";

struct siphash_exchange {
	struct siphash_key key;
	__u64 data[5];
	__u64 of_two;
	__u64 of_five;
};

struct sha256_exchange {
	struct sha256_state state;
	struct sha256_words block;
};

struct hmac_exchange {
	struct hmac_key key;
	struct sha256_words message;
	struct sha256_state mac;
	__u32 message_bytes;
};

struct token_exchange {
	__u64 bucket;
	struct token_rate rate;
	__u64 now;
	__u64 taken;
	__u64 count; /* 0: one, by token_take() */
};

struct csum_exchange {
	__u64 sum;
	__u64 folded;
};

struct contention_exchange {
	struct token_rate rate;
	__u64 taken;
	__u64 reserved;
};

/* Stands in for a gate's map of admissions, which makes room for itself: this one does not. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, 16);
	__uint(value_size, 40);
} admitted SEC(".maps");

/* Too large for the stack, or changed by atomic instructions: these cannot lie in the packet. */
struct sha256_exchange sha256_scratch;
struct hmac_work hmac_scratch;
struct hmac_key hmac_key_scratch;
__u64 bucket;
__u64 shared_bucket;
__u64 shared_taken;

INLINE void *exchange(struct xdp_md *ctx, __u32 bytes)
{
	void *data = hook_data(ctx);

	return data + bytes <= hook_end(ctx) ? data : NULL;
}

SEC("xdp")
int test_siphash(struct xdp_md *ctx)
{
	struct siphash_exchange *e = exchange(ctx, sizeof(*e));

	if (!e)
		return XDP_ABORTED;
	e->of_two = siphash(&e->key, e->data, 2);
	e->of_five = siphash(&e->key, e->data, 5);
	return XDP_PASS;
}

SEC("xdp")
int test_sha256(struct xdp_md *ctx)
{
	struct sha256_exchange *e = exchange(ctx, sizeof(*e));

	if (!e)
		return XDP_ABORTED;
	__builtin_memcpy(&sha256_scratch, e, sizeof(*e));
	sha256_block(&sha256_scratch.state, &sha256_scratch.block);
	e = exchange(ctx, sizeof(*e));
	if (!e)
		return XDP_ABORTED;
	__builtin_memcpy(&e->state, &sha256_scratch.state, sizeof(e->state));
	return XDP_PASS;
}

SEC("xdp")
int test_hmac(struct xdp_md *ctx)
{
	struct hmac_exchange *e = exchange(ctx, sizeof(*e));

	if (!e)
		return XDP_ABORTED;
	__builtin_memcpy(&hmac_key_scratch, &e->key, sizeof(e->key));
	__builtin_memcpy(&hmac_scratch.message, &e->message, sizeof(e->message));
	hmac_sha256_short(&hmac_scratch, &hmac_key_scratch, e->message_bytes);
	e = exchange(ctx, sizeof(*e));
	if (!e)
		return XDP_ABORTED;
	__builtin_memcpy(&e->mac, &hmac_scratch.mac, sizeof(e->mac));
	return XDP_PASS;
}

SEC("xdp")
int test_token(struct xdp_md *ctx)
{
	struct token_exchange *e = exchange(ctx, sizeof(*e));
	struct token_rate rate;

	if (!e)
		return XDP_ABORTED;
	rate = e->rate;
	bucket = e->bucket;
	e->taken = e->count ? token_take_many(&bucket, &rate, e->count, e->now)
			    : token_take(&bucket, &rate, e->now);
	e->bucket = bucket;
	return XDP_PASS;
}

SEC("xdp")
int test_csum_fold(struct xdp_md *ctx)
{
	struct csum_exchange *e = exchange(ctx, sizeof(*e));

	if (!e)
		return XDP_ABORTED;
	e->folded = csum_fold(e->sum);
	return XDP_PASS;
}

/* Takes from the one bucket that all CPUs share, and says how many tokens were taken so far. */
SEC("xdp")
int test_contention(struct xdp_md *ctx)
{
	struct contention_exchange *e = exchange(ctx, sizeof(*e));
	struct token_rate rate;

	if (!e)
		return XDP_ABORTED;
	rate = e->rate;
	if (token_take(&shared_bucket, &rate, bpf_ktime_get_boot_ns()))
		__sync_fetch_and_add(&shared_taken, 1);
	e->taken = read_once(shared_taken);
	return XDP_PASS;
}
