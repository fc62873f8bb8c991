/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate's messages; integers in network byte order. docs/protocols.md has them byte by byte.
 * Every answer is as long as its request, so that nobody can be flooded through a gate with more
 * than was sent to it.
 */
#pragma once

#include "common.h"
#include "cookie.h"

#define GATE_VERSION	 1
#define GATE_HELLO_BYTES 64

enum gate_message {
	GATE_HELLO = 1,
	GATE_CHALLENGE = 2,
	GATE_PROOF = 3,
	GATE_VERDICT = 4,
};

struct gate_header {
	__be32 magic;
	__u8 version;
	__u8 type;
	__u8 status; /* of a verdict: 0, or an enum reason */
	__u8 reserved;
	__u64 transaction; /* chosen by the peer, echoed */
};

struct gate_hello {
	struct gate_header header;
	__u64 zero[6]; /* a hello is as long as its answer */
};

struct gate_challenge {
	struct gate_header header;
	struct challenge challenge;
	struct address source; /* as the gate sees it */
};

struct gate_proof {
	struct gate_header header;
	struct challenge challenge;
	__u8 proof[GATE_PROOF_BYTES];
};

struct gate_verdict {
	struct gate_header header;
	__be32 lifetime_s;
	__be32 renew_after_s;
	__u64 zero[5];
};

_Static_assert(sizeof(struct gate_hello) == GATE_HELLO_BYTES, "hello");
_Static_assert(sizeof(struct gate_challenge) <= sizeof(struct gate_hello), "no amplification");
_Static_assert(sizeof(struct gate_verdict) <= sizeof(struct gate_proof), "no amplification");

/* Whether proof answers challenge. Both may lie in the packet, which the caller has shown to hold
 * them. */
INLINE bool proof_holds(const struct challenge *challenge, const __u8 *proof);
