// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hashes of lib/ by themselves, for BPF_PROG_TEST_RUN: arguments and result are in one map, the
 * message is the packet or in that map, too. Hooks: XDP, TC, raw tracepoint. Minimum kernel: 6.1.
 */
#include "../lib/hash_message.h"
#include "../lib/hkdf.h"
#include "../lib/hmac_message.h"
#include "../lib/ratchet.h"
#include "../lib/sha512.h"
#include "../lib/siphash_message.h"
#include <linux/pkt_cls.h>

char _license[] SEC("license") = "GPL";

enum hash_function {
	HASH_SHA256,
	HASH_SHA256_PARTS, /* whole blocks of split bytes, then the rest */
	HASH_SHA384,
	HASH_SHA512,
	HASH_SHA512_PARTS,
	HASH_HMAC_SHA256,
	HASH_HMAC_SHA256_TAG, /* result: 1 if tag is the tag */
	HASH_HKDF_EXPAND,     /* the message is the info, the key is PRK */
	HASH_HKDF,	      /* key: salt || input; the message is the info */
	HASH_SIPHASH64,
	HASH_SIPHASH128,
	HASH_RATCHET,
};

struct hash_call {
	enum hash_function function;
	__u32 error;  /* result: 0, or what the function returned */
	__u32 offset; /* of the message in the packet */
	__u32 at;     /* of the message in map memory */
	__u32 length;
	__u32 split;
	__u32 key_length;
	__u32 salt_length;
	__u32 tag_length;
	__u32 output_length;
	__u32 linear; /* result: how much of the packet is not in other parts */
	__u32 runs;   /* result: how many have ended */
	__u8 tag[32];
	struct siphash_key siphash;
	struct ratchet ratchet;
	__u8 result[HKDF_OUTPUT_MAX];
};

/* Shared by all CPUs: a test is alone here. A program in use has an array for each CPU and hook. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hash_call);
} calls SEC(".maps");

/* the message, the key */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct message);
} messages SEC(".maps");

struct hash_work {
	struct sha256 sha256;
	struct sha512 sha512;
	struct hmac_sha256_key key;
	struct hkdf hkdf;
	struct ratchet_work ratchet;
	struct ratchet_key ratchet_key;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hash_work);
} works SEC(".maps");

struct hash_run {
	struct hash_call *call;
	struct message *message;
	struct message *key;
	struct hash_work *work;
	bool is_packet; /* known to the compiler: the program is of XDP or TC */
};

INLINE int run_sha256(struct hash_run *r)
{
	if (r->is_packet)
		return sha256_packet(&r->work->sha256, r->message, r->call->at, r->call->length);
	return sha256_message(&r->work->sha256, r->message, r->call->at, r->call->length);
}

INLINE int run_sha256_parts(struct hash_run *r)
{
	struct sha256 *hash = &r->work->sha256;
	__u32 at = r->call->at, length = r->call->length, split = r->call->split & 0xffff;

	sha256_start(hash);
	return sha256_absorb(hash, r->message, at, split) ||
	       sha256_finish(hash, r->message, at + split, length - split);
}

INLINE int run_sha384(struct hash_run *r)
{
	return sha384_message(&r->work->sha512, r->message, r->call->at, r->call->length);
}

INLINE int run_sha512(struct hash_run *r)
{
	return sha512_message(&r->work->sha512, r->message, r->call->at, r->call->length);
}

INLINE int run_sha512_parts(struct hash_run *r)
{
	struct sha512 *hash = &r->work->sha512;
	__u32 at = r->call->at, length = r->call->length, split = r->call->split & 0xffff;

	sha512_start(hash);
	return sha512_absorb(hash, r->message, at, split) ||
	       sha512_finish(hash, r->message, at + split, length - split);
}

INLINE int run_hmac(struct hash_run *r)
{
	struct hash_work *w = r->work;

	return hmac_sha256_prepare(&w->key, &w->sha256, r->key, 0, r->call->key_length) ||
	       hmac_sha256_message(&w->sha256, &w->key, r->message, r->call->at, r->call->length);
}

INLINE int run_expand(struct hash_run *r)
{
	return hkdf_sha256_expand(&r->work->hkdf, &r->work->key, r->message, r->call->length,
				  r->call->output_length);
}

INLINE int run_hkdf_expand(struct hash_run *r)
{
	struct hash_work *w = r->work;

	return hmac_sha256_prepare(&w->key, &w->sha256, r->key, 0, r->call->key_length) ||
	       run_expand(r);
}

INLINE int run_hkdf(struct hash_run *r)
{
	return hkdf_sha256_extract(&r->work->key, &r->work->sha256, r->key, r->call->salt_length,
				   r->call->key_length) ||
	       run_expand(r);
}

INLINE int run_siphash64(struct hash_run *r)
{
	struct siphash_state state = siphash_start(&r->call->siphash);
	int error = siphash_message(&state, r->message, r->call->at, r->call->length);
	__u64 tag = siphash_finish(&state);

	__builtin_memcpy(r->call->result, &tag, sizeof(tag));
	return error;
}

INLINE int run_siphash128(struct hash_run *r)
{
	struct siphash_state state = siphash128_start(&r->call->siphash);
	int error = siphash_message(&state, r->message, r->call->at, r->call->length);
	struct siphash_tag128 tag = siphash128_finish(&state);

	__builtin_memcpy(r->call->result, &tag, sizeof(tag));
	return error;
}

INLINE int run_ratchet(struct hash_run *r)
{
	return ratchet_step(&r->call->ratchet, &r->work->ratchet, &r->work->ratchet_key);
}

#define GIVE(bytes, code)                                                                          \
	do {                                                                                       \
		r->call->error = (code);                                                           \
		__builtin_memcpy(r->call->result, bytes, sizeof(bytes));                           \
	} while (0)

INLINE void run(struct hash_run *r)
{
	struct hash_work *w = r->work;

	switch (r->call->function) {
	case HASH_SHA256:
		GIVE(w->sha256.digest, run_sha256(r));
		break;
	case HASH_SHA256_PARTS:
		GIVE(w->sha256.digest, run_sha256_parts(r));
		break;
	case HASH_SHA384:
		GIVE(w->sha512.digest, run_sha384(r));
		break;
	case HASH_SHA512:
		GIVE(w->sha512.digest, run_sha512(r));
		break;
	case HASH_SHA512_PARTS:
		GIVE(w->sha512.digest, run_sha512_parts(r));
		break;
	case HASH_HMAC_SHA256:
		GIVE(w->sha256.digest, run_hmac(r));
		break;
	case HASH_HMAC_SHA256_TAG:
		r->call->error = run_hmac(r);
		r->call->result[0] =
			hmac_sha256_tag_is(&w->sha256, r->call->tag, r->call->tag_length);
		break;
	case HASH_HKDF_EXPAND:
		GIVE(w->hkdf.output, run_hkdf_expand(r));
		break;
	case HASH_HKDF:
		GIVE(w->hkdf.output, run_hkdf(r));
		break;
	case HASH_SIPHASH64:
		r->call->error = run_siphash64(r);
		break;
	case HASH_SIPHASH128:
		r->call->error = run_siphash128(r);
		break;
	case HASH_RATCHET:
		GIVE(w->ratchet_key.bytes, run_ratchet(r));
		break;
	default:
		r->call->error = ~0;
	}
	__sync_fetch_and_add(&r->call->runs, 1);
}

INLINE bool find(struct hash_run *r)
{
	__u32 zero = 0, one = 1;

	r->call = bpf_map_lookup_elem(&calls, &zero);
	r->message = bpf_map_lookup_elem(&messages, &zero);
	r->key = bpf_map_lookup_elem(&messages, &one);
	r->work = bpf_map_lookup_elem(&works, &zero);
	return r->call && r->message && r->key && r->work;
}

/* Of a packet that may be in several parts. */
SEC("xdp.frags")
int hash_xdp(struct xdp_md *ctx)
{
	struct hash_run r = {.is_packet = true};

	if (!find(&r) ||
	    message_load_xdp(r.message, r.call->at, ctx, r.call->offset, r.call->length))
		return XDP_ABORTED;
	r.call->linear = ctx->data_end - ctx->data;
	run(&r);
	return XDP_PASS;
}

SEC("tc")
int hash_tc(struct __sk_buff *ctx)
{
	struct hash_run r = {.is_packet = true};

	if (!find(&r) ||
	    message_load_skb(r.message, r.call->at, ctx, r.call->offset, r.call->length))
		return TC_ACT_SHOT;
	r.call->linear = ctx->data_end - ctx->data;
	run(&r);
	return TC_ACT_OK;
}

/* Of map memory: what the packet is does not matter. */
SEC("xdp")
int hash_memory(struct xdp_md *ctx)
{
	struct hash_run r = {.is_packet = true};

	if (!find(&r))
		return XDP_ABORTED;
	run(&r);
	return XDP_PASS;
}

SEC("raw_tp/sys_enter")
int hash_raw_tp(void *ctx)
{
	struct hash_run r = {};

	if (!find(&r))
		return 1;
	run(&r);
	return 0;
}
