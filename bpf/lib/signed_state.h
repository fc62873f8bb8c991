/* SPDX-License-Identifier: GPL-2.0-only */
/* What signed packets need besides the gate: settings, sessions, and the memory of one check. */
#pragma once

#include "../signed_auth.h"
#include "gate_exchange.h"
#include "key_budget.h"
#include "p256_decode.h"
#include "sha256_message.h"
#include "siphash_message.h"
#include "trusted_keys.h"

#define SESSIONS_DEFAULT   4096
#define SESSION_INDEX_MASK 0xfffff

/* Changes when an old pinned map of these cannot be read any more. */
enum signed_layout {
	SIGNED_LAYOUT = 1,
};

enum signed_layout unused_signed_layout __attribute__((unused));

/* Set by the controller, once, when the maps are new. */
struct signed_birth {
	__u32 layout;
	__u8 generator_width; /* of the tables: see p256_tables.h */
	__u8 key_width;
	__u8 reserved[2];
};

struct signed_config {
	struct sha256_state packet; /* after the block label || audience */
	struct sha256_state knock;
	struct sha256_state session;
	struct curve_rates rates;
	__u64 freshness_s;     /* a packet's time may be this far from ours */
	__u32 signature_flags; /* P256_LOW_S */
	__u8 bind_address;
	__u8 keep_trailer;
	__u8 reserved[2];
};

/* The controller writes the configuration that is not active, then makes it so. */
struct signed_config signed_configs[2];
__u32 signed_active;
struct signed_birth signed_birth;

struct session {
	__u64 id;	  /* as on the wire; 0: none is here */
	__u64 expires_ns; /* boot clock */
	struct siphash_key key;
	__u32 place;	  /* of the key that it belongs to */
	__u32 generation; /* of that key */
	__u32 key_id;
	__u32 reserved;
};

/* Moved by the program; the controller sets it to zeros for a new session. */
struct session_state {
	__u64 last_seen_ns; /* boot clock */
	struct replay_window window;
};

/* low bits of the session id -> session. The controller alone begins and ends them. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SESSIONS_DEFAULT);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct session);
} sessions SEC(".maps");

/* the same index -> state */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SESSIONS_DEFAULT);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u8[sizeof(struct session_state)]);
} session_states SEC(".maps");

union signed_evidence {
	struct signed_trailer packet;
	struct session_trailer session;
	__u8 bytes[SIGNED_WITH_COOKIE_BYTES]; /* with its foot */
};

/* Whose signature is looked at. */
enum signed_kind {
	SIGNED_PACKET,
	SIGNED_KNOCK,
	SIGNED_REQUEST,
};

/* All that is known of one packet: see gate_work.h. */
struct signed_work {
	struct gate gate;
	__u64 busy;
	__u64 payload_bytes; /* of the application */
	__u32 trailer_bytes;
	__u32 type;
	__u32 place; /* of the key, once it is known */
	enum signed_kind kind;
	union signed_evidence trailer;
	struct instance_claim claim;
	struct challenge cookie;
	struct p256_signature signature;
	struct siphash_state mac;
	struct sha256 hash;
	struct p256_generic_work curve;
	struct message message;
};

#define GATE_WORK struct signed_work
#include "gate_work.h"

INLINE const struct signed_config *signed_config_now(void)
{
	return &signed_configs[read_once(signed_active) & 1];
}

/* See gate_work_begin(). */
INLINE struct signed_work *signed_work_begin(void)
{
	struct signed_work *work = gate_work_begin();

	if (work)
		work->place = 0;
	return work;
}

INLINE __u64 signed_now_s(const struct gate *g)
{
	return gate_wall_ms(g->now_ns) / 1000;
}
