/* SPDX-License-Identifier: GPL-2.0-only */
/* Wire format of content-addressed packets: see docs/protocols.md. Integers in network byte order.
 */
#pragma once

#define CAS_MAGIC   0xCA5CA5CA
#define CAS_VERSION 1

#define CAS_ID_BYTES	   32
#define CAS_HEADER_BYTES   44
#define CAS_OBJECT_BYTES   48
#define CAS_MANIFEST_LABEL 0x4341535452454531 /* "CASTREE1" */
#define CAS_MANIFEST_BYTES 52
#define CAS_CONTENT_MAX	   8928 /* with all headers in 9000 bytes */
#define CAS_CHUNK_MIN	   64
#define CAS_CHUNK_MAX	   8192
#define CAS_CHUNKS_MAX	   0x100000000

enum cas_type {
	CAS_CONTENT = 1, /* whole */
	CAS_CHUNK = 2,	 /* a part of an object, with its path */
};

/* A SHA-256 digest: what a CID names. */
struct cas_id {
	unsigned char bytes[CAS_ID_BYTES];
};

struct cas_header {
	unsigned int magic;
	unsigned char version;
	unsigned char type;
	unsigned short flags; /* 0 */
	unsigned int length;  /* of the content or chunk */
	struct cas_id id;
};

/* Behind the header of a chunk; without the index it is the manifest. */
struct cas_object {
	unsigned int index;
	unsigned int size[2]; /* of the object; high word first */
	unsigned int chunk_bytes;
	unsigned int root[8];
};

struct cas_packet {
	struct cas_header header;
	struct cas_object object;
};

_Static_assert(sizeof(struct cas_header) == CAS_HEADER_BYTES, "header");
_Static_assert(sizeof(struct cas_object) == CAS_OBJECT_BYTES, "object");
