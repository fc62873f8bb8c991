/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stateless challenges, as SYN cookies are: everything that the gate must know when the answer
 * comes is in the challenge, under a SipHash tag that also covers the source that asked. The key
 * of the tag is derived from a master secret for each epoch of time, here in the kernel, so that
 * keys rotate with no controller alive, and gates that share a master accept each other's
 * challenges.
 *
 *	epoch     = issued / epoch_ms
 *	epoch key = HKDF-Expand-SHA256(master, "cryptbpf gate v1" || service || epoch, 16)
 *	tag       = SipHash-2-4(epoch key, challenge[0..24] || source)
 */
#pragma once

#include "common.h"
#include "drop.h"
#include "hmac.h"
#include "packet.h"
#include "siphash.h"

#define CHALLENGE_VERSION 1
#define SECRETS		  2 /* current, previous */
#define EPOCHS_CACHED	  2 /* as many as challenges in time can be of: the controller sees to it */

/* On the wire; integers in network byte order. */
struct challenge {
	__u8 version;
	__u8 difficulty; /* what it means is the feature's: leading zero bits for pow */
	__u8 key_id;	 /* of the master secret */
	__u8 reserved;
	__be32 service;
	__be64 issued_ms; /* Unix time */
	__be64 salt;
	__be64 tag;
};

struct gate_secret {
	struct hmac_key master;
	__u32 generation; /* of the cache: differs for each secret ever set; 0: no secret */
	__u8 key_id;
	__u8 reserved[3];
};

struct epoch_key {
	__u64 epoch;
	__u32 generation;
	__u32 service;
	struct siphash_key key;
	struct hmac_work work; /* here, since the stack is too small for it */
};

/* (secret, parity of the epoch) -> derived key; for each CPU, so that nobody reads half a key */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SECRETS *EPOCHS_CACHED);
	__type(key, __u32);
	__type(value, struct epoch_key);
} epoch_keys SEC(".maps");

/* info = "cryptbpf gate v1" || service (32 bit) || epoch (64 bit), then HKDF's counter byte 1. */
INLINE void epoch_key_derive(struct epoch_key *cached, const struct hmac_key *master, __u32 service,
			     __u64 epoch)
{
	struct hmac_work *work = &cached->work;

	__builtin_memset(&work->message, 0, sizeof(work->message));
	work->message.w[0] = 0x63727970;
	work->message.w[1] = 0x74627066;
	work->message.w[2] = 0x20676174;
	work->message.w[3] = 0x65207631;
	work->message.w[4] = service;
	work->message.w[5] = epoch >> 32;
	work->message.w[6] = epoch;
	work->message.w[7] = 0x01800000;
	hmac_sha256_short(work, master, 29);
	cached->key.k0 = bpf_cpu_to_be64((__u64)work->mac.h[0] << 32 | work->mac.h[1]);
	cached->key.k1 = bpf_cpu_to_be64((__u64)work->mac.h[2] << 32 | work->mac.h[3]);
	__builtin_memset(work, 0, sizeof(*work));
}

/* The key of an epoch under secret number index. NULL only when the map is broken. */
INLINE const struct siphash_key *epoch_key_of(const struct gate_secret *secret, __u32 index,
					      __u32 service, __u64 epoch)
{
	__u32 place = index * EPOCHS_CACHED + epoch % EPOCHS_CACHED;
	struct epoch_key *cached = bpf_map_lookup_elem(&epoch_keys, &place);

	if (!cached)
		return NULL;
	if (cached->generation != secret->generation || cached->service != service ||
	    cached->epoch != epoch) {
		epoch_key_derive(cached, &secret->master, service, epoch);
		cached->generation = secret->generation;
		cached->service = service;
		cached->epoch = epoch;
	}
	return &cached->key;
}

INLINE __be64 challenge_tag(const struct siphash_key *key, const struct challenge *challenge,
			    const struct address *source)
{
	__u64 data[5];

	__builtin_memcpy(data, challenge, 24);
	data[3] = source->high;
	data[4] = source->low;
	return siphash(key, data, 5);
}
