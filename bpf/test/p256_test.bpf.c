// SPDX-License-Identifier: GPL-2.0-only
/*
 * lib/p256.h by itself, for BPF_PROG_TEST_RUN: each run takes the next case of an array, so that
 * one test run with repeat goes through many. Hooks: XDP and TC. Minimum kernel: 6.1.
 */
#include "../lib/p256_decode.h"

char _license[] SEC("license") = "GPL";

/* Programs of different hooks may interrupt each other: each has a work area of its own. */
struct work_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct p256_generic_work);
};

struct work_map xdp_work SEC(".maps");
struct work_map tc_work SEC(".maps");

enum p256_operation {
	P256_ECDSA,
	P256_SUM_CHECK,
	P256_SUM_AFFINE,
	P256_MULTIPLY,
	P256_SQUARE,
	P256_MULTIPLY_SCALARS,
	P256_INVERT,
	P256_INVERT_SCALAR,
};

/* Where the key comes from. */
enum p256_key_form {
	P256_ENROLLED,
	P256_AS_XY,
	P256_AS_UNCOMPRESSED,
	P256_AS_COMPRESSED,
};

/* packages/primitives/src/p256.ts knows this layout. */
struct p256_case {
	struct p256_digest digest;
	union {
		struct p256_signature signature;
		struct p256_scalars scalars;
	};
	struct p256_xy point;
	union {
		struct p256_xy xy;
		struct p256_uncompressed uncompressed;
		struct p256_compressed compressed;
		__u8 room[72];
	} given;
	__u32 form;
	__u32 operation;
	__u32 key;
	__u32 flags;
	__s32 result;
	__u32 reserved;
	__s64 limb[P256_LIMBS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct p256_case);
} cases SEC(".maps");

__u32 next_case;

INLINE int load(struct p256_generic_work *work, struct p256_case *c)
{
	switch (c->form) {
	case P256_AS_XY:
		return p256_load_xy(work, &c->given.xy);
	case P256_AS_UNCOMPRESSED:
		return p256_load_uncompressed(work, &c->given.uncompressed);
	default:
		return p256_load_compressed(work, &c->given.compressed);
	}
}

INLINE int run_generic(struct p256_generic_work *work, struct p256_case *c)
{
	if (load(work, c))
		return P256_REJECTED;
	switch (c->operation) {
	case P256_ECDSA:
		return p256_generic_verify(work, &c->digest, &c->signature, c->flags);
	case P256_SUM_CHECK:
		return p256_generic_sum_check(work, &c->scalars, &c->point, c->flags);
	default:
		return p256_generic_sum_affine(work, &c->scalars, &c->point, c->flags);
	}
}

INLINE int run_enrolled(struct p256_work *work, struct p256_case *c)
{
	switch (c->operation) {
	case P256_ECDSA:
		return p256_ecdsa_verify(work, c->key, &c->digest, &c->signature, c->flags);
	case P256_SUM_CHECK:
		return p256_sum_check(work, c->key, &c->scalars, &c->point, c->flags);
	default:
		return p256_sum_affine(work, c->key, &c->scalars, &c->point, c->flags);
	}
}

/* On the two numbers of the point, as they are; the result takes the first one's place. */
INLINE int run_arithmetic(struct p256_work *work, struct p256_case *c)
{
	struct p256_words words;

	p256_read(&words, c->point.y);
	p256_unpack(&work->right, words.word);
	p256_read(&words, c->point.x);
	p256_unpack(&work->left, words.word);
	switch (c->operation) {
	case P256_MULTIPLY:
		p256_multiply(&work->test, &work->left, &work->right);
		break;
	case P256_SQUARE:
		p256_square(&work->test, &work->left);
		break;
	case P256_MULTIPLY_SCALARS:
		p256_multiply_scalars(&work->test, &work->left, &work->right);
		break;
	case P256_INVERT:
		p256_invert_element(&work->inverse, &work->test, &work->left);
		break;
	default:
		p256_invert_scalar(&work->inverse, &work->test, &words);
	}
	/* Whatever the modulus was: limbs of 29 bits, so that nothing is reduced behind the test's
	 * back. */
#pragma unroll
	for (int i = 0; i < P256_LIMBS; i++)
		c->limb[i] = work->test.limb[i];
	return 0;
}

INLINE int run(struct p256_generic_work *work, struct p256_case *c)
{
	if (c->operation >= P256_MULTIPLY)
		return run_arithmetic(&work->common, c);
	if (c->form == P256_ENROLLED)
		return run_enrolled(&work->common, c);
	return run_generic(work, c);
}

INLINE bool run_next(struct p256_generic_work *work)
{
	__u32 index = next_case++;
	struct p256_case *c = bpf_map_lookup_elem(&cases, &index);

	if (!work || !c)
		return false;
	c->result = run(work, c);
	return true;
}

SEC("xdp")
int test_xdp(struct xdp_md *ctx)
{
	__u32 zero = 0;

	return run_next(bpf_map_lookup_elem(&xdp_work, &zero)) ? XDP_PASS : XDP_ABORTED;
}

SEC("tc")
int test_tc(struct __sk_buff *skb)
{
	__u32 zero = 0;

	return run_next(bpf_map_lookup_elem(&tc_work, &zero)) ? XDP_PASS : XDP_ABORTED;
}

/* What lies in the packet: checked there, without a copy. */
struct p256_packet {
	struct p256_digest digest;
	struct p256_signature signature;
	struct p256_uncompressed key;
};

INLINE int run_packet(struct p256_generic_work *work, struct p256_packet *packet)
{
	if (p256_load_uncompressed(work, &packet->key))
		return P256_REJECTED;
	return p256_generic_verify(work, &packet->digest, &packet->signature, 0);
}

SEC("xdp")
int test_packet_xdp(struct xdp_md *ctx)
{
	struct p256_packet *packet = (void *)(long)ctx->data;
	__u32 zero = 0;
	struct p256_generic_work *work = bpf_map_lookup_elem(&xdp_work, &zero);

	if (!work || (void *)(packet + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	return run_packet(work, packet) ? XDP_DROP : XDP_PASS;
}

SEC("tc")
int test_packet_tc(struct __sk_buff *skb)
{
	struct p256_packet *packet = (void *)(long)skb->data;
	__u32 zero = 0;
	struct p256_generic_work *work = bpf_map_lookup_elem(&tc_work, &zero);

	if (!work || (void *)(packet + 1) > (void *)(long)skb->data_end)
		return XDP_ABORTED;
	return run_packet(work, packet) ? XDP_DROP : XDP_PASS;
}
