/* SPDX-License-Identifier: GPL-2.0-only */
/* Wire format of signed packets: see docs/protocols.md. Integers in network byte order. */
#pragma once

#define GATE_MAGIC	   0x5147BEEF
#define GATE_PROOF_BYTES   68
#define GATE_REQUEST_BYTES 132

#define SIGNED_VERSION		 1
#define SIGNED_FIELDS_BYTES	 24
#define SIGNED_BYTES		 96
#define SIGNED_WITH_COOKIE_BYTES 128
#define SESSION_TRAILER_BYTES	 40
#define SESSION_TAGGED_BYTES	 16 /* session id and counter, which come before the tag */
#define SESSION_COUNTER_MAX	 (1ULL << 32)
#define SIGNED_PACKET_BYTES_MAX	 9216 /* application payload and trailer */

enum signed_type {
	SIGNED = 1,
	SIGNED_WITH_COOKIE = 2,
	SIGNED_SESSION = 3,
};

struct signed_foot {
	unsigned char version;
	unsigned char type;
	unsigned short reserved;
	unsigned int magic;
};

struct signed_fields {
	unsigned long long instance;
	unsigned long long counter;
	unsigned int time_s;
	unsigned short key_id;
	unsigned short reserved;
};

/* A packet's trailer, without its foot. */
struct signed_trailer {
	struct signed_fields fields;
	unsigned char signature[64];
	unsigned char cookie[32]; /* SIGNED_WITH_COOKIE */
};

struct session_trailer {
	unsigned long long session_id;
	unsigned long long counter;
	unsigned long long tag[2]; /* little endian */
};

/* The proof of a knock. */
struct signed_knock {
	unsigned short key_id;
	unsigned short reserved;
	unsigned char signature[64];
};

/* The body of a session request. */
struct session_request {
	unsigned short key_id;
	unsigned short reserved;
	unsigned char ephemeral[64];
	unsigned char signature[64];
};

/* What is signed besides, where the operator binds addresses: one block of SHA-256. */
struct signed_addresses {
	unsigned char source[16];
	unsigned char destination[16];
	unsigned short source_port;
	unsigned short destination_port;
	unsigned char zero[28];
};

_Static_assert(sizeof(struct signed_knock) == GATE_PROOF_BYTES, "knock");
_Static_assert(sizeof(struct session_request) == GATE_REQUEST_BYTES, "session request");
_Static_assert(sizeof(struct signed_trailer) + sizeof(struct signed_foot) ==
		       SIGNED_WITH_COOKIE_BYTES,
	       "trailer with a cookie");
_Static_assert(sizeof(struct session_trailer) + sizeof(struct signed_foot) == SESSION_TRAILER_BYTES,
	       "trailer of a session");
_Static_assert(sizeof(struct signed_addresses) == 64, "a block");
