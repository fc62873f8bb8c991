/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate's messages; integers in network byte order. docs/protocols.md has them byte by byte.
 * Every answer is as long as its request, so that nobody can be flooded through a gate with more
 * than was sent to it.
 */
#pragma once

#include "common.h"
#include "cookie.h"

/* Of the body of a request: a proof that admits nobody, but goes on to the controller. */
#ifndef GATE_REQUEST_BYTES
#define GATE_REQUEST_BYTES 0
#endif

/*
 * A proof, and a request, may be longer than its fixed part, up to so many bytes. What is behind
 * the fixed part the feature reads by itself, and answers leave it as it came.
 */
#ifndef GATE_PROOF_BYTES_MAX
#define GATE_PROOF_BYTES_MAX GATE_PROOF_BYTES
#endif

#define GATE_PROOF_MORE (GATE_PROOF_BYTES_MAX - GATE_PROOF_BYTES)

#define GATE_VERSION	 1
#define GATE_HELLO_BYTES 64

enum gate_message {
	GATE_HELLO = 1,
	GATE_CHALLENGE = 2,
	GATE_PROOF = 3,
	GATE_VERDICT = 4,
	GATE_REQUEST = 5,
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

/* Of messages that a feature adds something to: as long as the parts together. */
#if GATE_PROOF_BYTES % 8 || GATE_REQUEST_BYTES % 8
#define GATE_UNPADDED __attribute__((packed, aligned(4)))
#else
#define GATE_UNPADDED
#endif

struct gate_proof {
	struct gate_header header;
	struct challenge challenge;
	__u8 proof[GATE_PROOF_BYTES];
} GATE_UNPADDED;

struct gate_request {
	struct gate_header header;
	struct challenge challenge;
	__u8 body[GATE_REQUEST_BYTES];
} GATE_UNPADDED;

struct gate_verdict {
	struct gate_header header;
	__be32 lifetime_s;
	__be32 renew_after_s;
	__u64 zero[5];
};

_Static_assert(sizeof(struct gate_proof) ==
		       sizeof(struct gate_header) + sizeof(struct challenge) + GATE_PROOF_BYTES,
	       "proof");
_Static_assert(sizeof(struct gate_hello) == GATE_HELLO_BYTES, "hello");
_Static_assert(sizeof(struct gate_challenge) <= sizeof(struct gate_hello), "no amplification");
_Static_assert(sizeof(struct gate_verdict) <= sizeof(struct gate_proof), "no amplification");

struct gate;

/* No reason yet. */
#define GATE_SUSPENDED REASON_COUNT

/*
 * Of a proof: REASON_NONE when it answers the challenge, else what is wrong with it; or
 * GATE_SUSPENDED: the feature will find out, and go on with gate_settle_proof(). Both may lie in
 * the packet, which the caller has shown to hold them.
 */
INLINE enum reason check_proof(struct gate *g, const struct challenge *challenge,
			       const __u8 *proof);

#if GATE_REQUEST_BYTES
/* The same of a request. */
INLINE enum reason check_request(struct gate *g, const struct challenge *challenge,
				 const __u8 *body);
#endif
