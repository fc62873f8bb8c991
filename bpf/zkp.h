/* SPDX-License-Identifier: GPL-2.0-only */
/* Wire format of the proofs: see docs/protocols.md. Integers in network byte order. */
#pragma once

#define GATE_MAGIC 0x5A4B5021 /* "ZKP!" */

#define ZKP_HASH_BYTES	  36
#define ZKP_SCHNORR_BYTES 100
#define ZKP_RING_BYTES	  104 /* and 32 for each member of the group */
#define ZKP_SCALAR_BYTES  32
#define ZKP_RING_MEMBERS  32 /* at most */

/* Of a secret that the gate knows, too. */
struct zkp_hash {
	unsigned short key_id;
	unsigned short reserved;
	unsigned char response[32];
};

/* Of the private half of a key. */
struct zkp_schnorr {
	unsigned short key_id;
	unsigned short reserved;
	unsigned char commitment[64];
	unsigned char response[ZKP_SCALAR_BYTES];
};

/* Of one of the private keys of a group; responses follow, one for each member. */
struct zkp_ring {
	unsigned short group;
	unsigned short reserved;
	unsigned int epoch;
	unsigned char image[64]; /* zeros where the group counts none */
	unsigned char link[32];	 /* the first */
};

_Static_assert(sizeof(struct zkp_hash) == ZKP_HASH_BYTES, "hash");
_Static_assert(sizeof(struct zkp_schnorr) == ZKP_SCHNORR_BYTES, "schnorr");
_Static_assert(sizeof(struct zkp_ring) == ZKP_RING_BYTES, "ring");
