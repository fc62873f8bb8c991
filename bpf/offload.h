/* SPDX-License-Identifier: GPL-2.0-only */
/* Wire format of requests for operations: see docs/protocols.md. Integers in network byte order. */
#pragma once

#define OFFLOAD_MAGIC	     0x0FF10AD0
#define OFFLOAD_VERSION	     1
#define OFFLOAD_HEAD_BYTES   32
#define OFFLOAD_TAG_BYTES    16
#define OFFLOAD_BODY_MAX     1344 /* of one packet: with all headers in 1500 bytes, in a tunnel too */
#define OFFLOAD_DATA_MAX     65536 /* of one operation */
#define OFFLOAD_SEGMENTS_MAX 64
#define OFFLOAD_PROBE_CLIENT 0xffffffff /* the controller's own, and nobody else's */

enum offload_type {
	OFFLOAD_REQUEST = 1,
	OFFLOAD_RESULT = 2,
	OFFLOAD_ERROR = 3,
};

enum offload_operation {
	OFFLOAD_SHA256 = 0,
	OFFLOAD_HMAC_SHA256 = 1,
	OFFLOAD_SEAL = 2,   /* AES-256-GCM */
	OFFLOAD_OPEN = 3,   /* AES-256-GCM */
	OFFLOAD_VERIFY = 4, /* ECDSA on P-256, of a SHA-256 digest */
	OFFLOAD_OPERATIONS = 5,
	OFFLOAD_SESSION = 5, /* asks the controller for a session: no operation of a route */
};

enum offload_route {
	OFFLOAD_BPF = 0,
	OFFLOAD_USERSPACE = 1,
	OFFLOAD_HARDWARE = 2,
	OFFLOAD_ROUTES = 3,
};

/* Why a request has no result. */
enum offload_error {
	OFFLOAD_DONE = 0,
	OFFLOAD_BAD_OPERATION = 1,
	OFFLOAD_BAD_KEY = 2,	/* no key of that id, or not one for this operation */
	OFFLOAD_BAD_LENGTH = 3, /* impossible for the operation, or no room for its result */
	OFFLOAD_BUSY = 4,	/* no route has room */
	OFFLOAD_BUDGET = 5,	/* above the rate of the client, or of all */
	OFFLOAD_FORGED = 6,	/* what is to be opened is not of this key, or was changed */
	OFFLOAD_EXHAUSTED = 7,	/* the key has done its work */
	OFFLOAD_FAILED = 8,	/* no route could do it */
	OFFLOAD_INCOMPLETE = 9, /* not all segments came */
	OFFLOAD_PLAINTEXT = 10, /* this client may ask only in a session */
};

struct offload_head {
	unsigned int magic;
	unsigned char version;
	unsigned char type;
	unsigned char operation;
	unsigned char detail; /* 0; of a result its route, of an error which one */
	unsigned int client;
	unsigned short key;
	unsigned short segment;
	unsigned short segments;
	unsigned short reserved;
	unsigned int length; /* of the data in this packet; padding comes after it */
	unsigned long long counter;
};

/* In front of what is sealed or opened. */
struct offload_aead {
	unsigned short aad_length;
	unsigned short reserved;
};

_Static_assert(sizeof(struct offload_head) == OFFLOAD_HEAD_BYTES, "head");
