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

struct hash_exchange {
	__u32 function;
	__u32 error;  /* 0, or what the function returned */
	__u32 offset; /* of the message in the packet */
	__u32 at;     /* of the message in map memory */
	__u32 length;
	__u32 split;
	__u32 key_length;
	__u32 salt_length;
	__u32 tag_length;
	__u32 output_length;
	__u8 tag[32];
	struct siphash_key siphash;
	struct ratchet ratchet;
	__u8 result[HKDF_OUTPUT_MAX];
	struct message message;
	struct message key;
};

/* Shared by all CPUs: a test is alone here. A program in use has an array for each CPU and hook. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hash_exchange);
} exchange SEC(".maps");

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

INLINE int run_sha256_parts(struct hash_exchange *e, struct hash_work *w)
{
	__u32 split = e->split & 0xffff;

	sha256_start(&w->sha256);
	return sha256_absorb(&w->sha256, &e->message, e->at, split) ||
	       sha256_finish(&w->sha256, &e->message, e->at + split, e->length - split);
}

INLINE int run_sha512_parts(struct hash_exchange *e, struct hash_work *w)
{
	__u32 split = e->split & 0xffff;

	sha512_start(&w->sha512);
	return sha512_absorb(&w->sha512, &e->message, e->at, split) ||
	       sha512_finish(&w->sha512, &e->message, e->at + split, e->length - split);
}

INLINE int run_hmac(struct hash_exchange *e, struct hash_work *w)
{
	return hmac_sha256_prepare(&w->key, &w->sha256, &e->key, 0, e->key_length) ||
	       hmac_sha256_message(&w->sha256, &w->key, &e->message, e->at, e->length);
}

INLINE int run_expand(struct hash_exchange *e, struct hash_work *w)
{
	return hkdf_sha256_expand(&w->hkdf, &w->key, &e->message, e->length, e->output_length);
}

INLINE int run_hkdf_expand(struct hash_exchange *e, struct hash_work *w)
{
	return hmac_sha256_prepare(&w->key, &w->sha256, &e->key, 0, e->key_length) ||
	       run_expand(e, w);
}

INLINE int run_hkdf(struct hash_exchange *e, struct hash_work *w)
{
	return hkdf_sha256_extract(&w->key, &w->sha256, &e->key, e->salt_length, e->key_length) ||
	       run_expand(e, w);
}

INLINE int run_siphash(struct hash_exchange *e, struct siphash_state *state)
{
	return siphash_message(state, &e->message, e->at, e->length);
}

INLINE int run_siphash64(struct hash_exchange *e)
{
	struct siphash_state state = siphash_start(&e->siphash);
	int error = run_siphash(e, &state);
	__u64 tag = siphash_finish(&state);

	__builtin_memcpy(e->result, &tag, sizeof(tag));
	return error;
}

INLINE int run_siphash128(struct hash_exchange *e)
{
	struct siphash_state state = siphash128_start(&e->siphash);
	int error = run_siphash(e, &state);
	struct siphash_tag128 tag = siphash128_finish(&state);

	__builtin_memcpy(e->result, &tag, sizeof(tag));
	return error;
}

#define GIVE(bytes, code)                                                                          \
	do {                                                                                       \
		e->error = (code);                                                                 \
		__builtin_memcpy(e->result, bytes, sizeof(bytes));                                 \
	} while (0)

INLINE void run(struct hash_exchange *e, struct hash_work *w)
{
	switch (e->function) {
	case HASH_SHA256:
		GIVE(w->sha256.digest, sha256_message(&w->sha256, &e->message, e->at, e->length));
		break;
	case HASH_SHA256_PARTS:
		GIVE(w->sha256.digest, run_sha256_parts(e, w));
		break;
	case HASH_SHA384:
		GIVE(w->sha512.digest, sha384_message(&w->sha512, &e->message, e->at, e->length));
		break;
	case HASH_SHA512:
		GIVE(w->sha512.digest, sha512_message(&w->sha512, &e->message, e->at, e->length));
		break;
	case HASH_SHA512_PARTS:
		GIVE(w->sha512.digest, run_sha512_parts(e, w));
		break;
	case HASH_HMAC_SHA256:
		GIVE(w->sha256.digest, run_hmac(e, w));
		break;
	case HASH_HMAC_SHA256_TAG:
		e->error = run_hmac(e, w);
		e->result[0] = hmac_sha256_tag_is(&w->sha256, e->tag, e->tag_length);
		break;
	case HASH_HKDF_EXPAND:
		GIVE(w->hkdf.output, run_hkdf_expand(e, w));
		break;
	case HASH_HKDF:
		GIVE(w->hkdf.output, run_hkdf(e, w));
		break;
	case HASH_SIPHASH64:
		e->error = run_siphash64(e);
		break;
	case HASH_SIPHASH128:
		e->error = run_siphash128(e);
		break;
	case HASH_RATCHET:
		GIVE(w->ratchet_key.bytes, ratchet_step(&e->ratchet, &w->ratchet, &w->ratchet_key));
		break;
	default:
		e->error = ~0;
	}
}

INLINE struct hash_exchange *find_exchange(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&exchange, &zero);
}

INLINE struct hash_work *find_work(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&works, &zero);
}

/* Of a packet that may be in several parts. */
SEC("xdp.frags")
int hash_xdp(struct xdp_md *ctx)
{
	struct hash_exchange *e = find_exchange();
	struct hash_work *w = find_work();

	if (!e || !w || message_load_xdp(&e->message, e->at, ctx, e->offset, e->length))
		return XDP_ABORTED;
	run(e, w);
	return XDP_PASS;
}

SEC("tc")
int hash_tc(struct __sk_buff *ctx)
{
	struct hash_exchange *e = find_exchange();
	struct hash_work *w = find_work();

	if (!e || !w || message_load_skb(&e->message, e->at, ctx, e->offset, e->length))
		return TC_ACT_SHOT;
	run(e, w);
	return TC_ACT_OK;
}

/* Of map memory: what the packet is does not matter. */
SEC("xdp")
int hash_memory(struct xdp_md *ctx)
{
	struct hash_exchange *e = find_exchange();
	struct hash_work *w = find_work();

	if (!e || !w)
		return XDP_ABORTED;
	run(e, w);
	return XDP_PASS;
}

SEC("raw_tp/sys_enter")
int hash_raw_tp(void *ctx)
{
	struct hash_exchange *e = find_exchange();
	struct hash_work *w = find_work();

	if (!e || !w)
		return 1;
	run(e, w);
	return 0;
}
