/* SPDX-License-Identifier: GPL-2.0-only */
/* What the service of operations knows: clients, keys, settings, and the memory of one request. */
#pragma once

#define MESSAGE_HEAD_MAX   256
#define MESSAGE_LENGTH_MAX 1408
#define AEAD_AAD_MAX	   1536
#define AEAD_TEXT_MAX	   1536
#define REPLAY_WINDOW	   4096

#include "../offload.h"
#include "aes_gcm_soft.h"
#include "chacha20poly1305.h"
#include "hmac_message.h"
#include "packet.h"
#include "p256_decode.h"
#include "replay.h"
#include "siphash_message.h"
#include "stats.h"
#include "token_bucket.h"

#define OFFLOAD_CLIENTS_DEFAULT 64
#define OFFLOAD_KEYS_DEFAULT	256
#define OFFLOAD_RING_BYTES	(4 * 1024 * 1024)
#define OFFLOAD_PAYLOAD_MIN	(OFFLOAD_HEAD_BYTES + OFFLOAD_TAG_BYTES)
#define OFFLOAD_PAYLOAD_MAX	(OFFLOAD_PAYLOAD_MIN + OFFLOAD_BODY_MAX)

/* Changes when an old pinned map cannot be read any more. */
enum offload_layout {
	OFFLOAD_LAYOUT = 2,
};

enum offload_layout unused_offload_layout __attribute__((unused));
enum offload_operation unused_offload_operation __attribute__((unused));
enum offload_route unused_offload_route __attribute__((unused));
enum offload_error unused_offload_error __attribute__((unused));
enum offload_type unused_offload_type __attribute__((unused));

/* What an entry stands for, and what it may ask. */
enum offload_client_kind {
	OFFLOAD_CLIENT_PLAIN = 0,
	OFFLOAD_CLIENT_SECRET = 1, /* for sessions alone */
	OFFLOAD_CLIENT_SESSION = 2,
	OFFLOAD_CLIENT_PROBE =
		3, /* the controller: what it asks is done here, whatever is decided */
};

enum offload_client_kind unused_offload_client_kind __attribute__((unused));

/* The controller alone makes clients. */
struct offload_client {
	struct siphash_key request;
	struct siphash_key reply;
	struct token_rate rate;
	__u64 ends_ns; /* of a session, boot clock */
	__u32 place;   /* of its state */
	__u32 budget;  /* place of the state that has its bucket: a session's is its client's */
	__u32 kind;    /* enum offload_client_kind */
	__u32 reserved;
	struct chacha20poly1305_key sealed_request; /* of a session */
	struct chacha20poly1305_key sealed_reply;
};

struct offload_client_state {
	__u64 bucket;
	struct replay_window window;
};

/* id -> client */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, OFFLOAD_CLIENTS_DEFAULT);
	__type(key, __u32);
	__type(value, struct offload_client);
} clients SEC(".maps");

/* place -> what this client has asked already */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, OFFLOAD_CLIENTS_DEFAULT);
	__type(key, __u32);
	__type(value, struct offload_client_state);
} client_states SEC(".maps");

/*
 * A key of the operator's. Nonces are a random prefix, drawn whenever the key is put there, and a
 * counter: the kernel counts from 0, and hands nonces to user space with what is to be sealed; what
 * user space seals of its own accord has the highest bit set.
 */
struct offload_key {
	__u32 operations; /* a bit for each that it is for */
	__u32 nonces;	  /* that were given */
	__u64 nonce_prefix;
	struct hmac_sha256_key hmac;
	struct p256_xy point;
	struct aes_gcm_soft_key gcm;
};

#define OFFLOAD_NONCES_MAX (1U << 31)

/* id -> key; replaced as a whole, never changed but for its counters */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, OFFLOAD_KEYS_DEFAULT);
	__type(key, __u32);
	__type(value, struct offload_key);
} keys SEC(".maps");

struct offload_config {
	struct token_rate rate; /* of all clients together */
	struct token_rate log_rate;
	__u64 stall_ns; /* without a sign of life of the controller */
	__u32 explore_interval;
	__u32 cost_weight;		 /* 256: a nanosecond of work counts as one of waiting */
	__u32 depth_max[OFFLOAD_ROUTES]; /* 0: the route is not there */
	__u32 check_interval; /* one in so many results of the bpf route is checked; 0: none */
};

struct offload_config offload_configs[2];
__u32 offload_active;
__u64 offload_ports[SET_WORDS];
__u32 offload_layout; /* set once, when the maps are new */
__u64 offload_bucket;
__u64 offload_log_bucket;

/* What one request is about, for whoever serves it. */
struct offload_record {
	__u64 time_ns; /* boot clock */
	struct address source;
	struct address destination;
	__u64 nonce_prefix;
	__u64 counter;
	__u32 client;
	__u32 nonce;
	__u32 length;
	__u32 class;
	__u32 room; /* for the result in this packet */
	__u16 key;
	__u16 segment;
	__u16 segments;
	__u16 source_port;
	__u16 destination_port;
	__u8 operation;
	__u8 route;
	__u8 check; /* enum offload_check */
	__u8 error; /* enum offload_error, of an answer */
	__u16 reserved;
	__u32 depth; /* of its route's queue when it came */
};

struct offload_record *record_of_requests __attribute__((unused));

enum offload_check {
	OFFLOAD_CHECK_NONE = 0,
	OFFLOAD_CHECK_DATA = 1,	  /* of a request that is done here */
	OFFLOAD_CHECK_RESULT = 2, /* and what was answered */
};

enum offload_check unused_offload_check __attribute__((unused));

/* What is to be done in user space: a record, the packet's payload, and of a check the result. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, OFFLOAD_RING_BYTES);
} requests SEC(".maps");

struct offload_gcm {
	struct aes_gcm_soft work;
	struct aead_message message;
};

struct offload_work {
	__u64 busy;
	__u64 now_ns; /* boot clock */
	struct packet packet;
	struct offload_client client;
	struct offload_head head; /* numbers of the machine */
	__u32 body_bytes;	  /* with padding */
	__u32 result_bytes;
	__u32 class;
	__u32 route;
	__u32 error; /* enum offload_error */
	__u32 depth;
	__u64 streak_ns; /* when it began */
	struct siphash_state mac;
	struct chacha20poly1305 session;
	struct sha256 hash;
	struct p256_signature signature;
	struct offload_record record; /* the ring gets it with what comes next */
	struct message message;
	union {
		struct offload_gcm gcm;
		struct p256_generic_work curve;
	};
};

#define WORK  struct offload_work
#define WORKS works
#include "works.h"

INLINE const struct offload_config *offload_config_now(void)
{
	return &offload_configs[read_once(offload_active) & 1];
}

/* See work_take(). */
INLINE struct offload_work *offload_work_begin(void)
{
	struct offload_work *work = work_take();

	if (!work)
		return NULL;
	work->now_ns = bpf_ktime_get_boot_ns();
	work->error = OFFLOAD_DONE;
	work->result_bytes = 0;
	work->route = OFFLOAD_BPF;
	__builtin_memset(&work->packet, 0, sizeof(work->packet));
	return work;
}

INLINE struct offload_key *offload_key_of(__u32 id, __u32 operation)
{
	struct offload_key *key = bpf_map_lookup_elem(&keys, &id);

	return key && key->operations >> (operation & 31) & 1 ? key : NULL;
}
