/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A reader of DER (X.690) in map memory, and nothing but DER: lengths are definite and as short as
 * they can be, tags are of one byte, elements end where what holds them ends.
 *
 * A reader notes the first thing that is wrong; from then on it reads nothing more, and what it
 * says of elements means nothing. So its users may read on, and look at the reason at the end.
 */
#pragma once

#include "drop.h"
#include "hash_message.h"

#define DER_BOOLEAN	  0x01
#define DER_INTEGER	  0x02
#define DER_BIT_STRING	  0x03
#define DER_OCTET_STRING  0x04
#define DER_OID		  0x06
#define DER_UTC_TIME	  0x17
#define DER_TIME	  0x18
#define DER_SEQUENCE	  0x30
#define DER_SET		  0x31
#define DER_CONTEXT	  0x80 /* primitive, with its number added */
#define DER_CONTEXT_HOLDS 0xa0
#define DER_TAG_LONG	  0x1f

/* Positions are masked with it: the memory of a message is larger. */
#define DER_MASK 2047

_Static_assert(sizeof(struct message) >= DER_MASK + 9, "all masked positions are in a message");
_Static_assert(MESSAGE_HEAD_MAX <= DER_MASK && MESSAGE_LENGTH_MAX <= DER_MASK,
	       "no position is masked");

struct der {
	__u32 at;  /* where it reads, */
	__u32 end; /* and up to where */
	__u32 tag; /* the element that it read last, and where its contents are */
	__u32 start;
	__u32 stop;
	__u32 reason; /* what is wrong first; REASON_NONE */
};

struct der_span {
	__u32 at;
	__u32 length;
};

INLINE __u32 der_byte(const struct message *m, __u32 at)
{
	at &= DER_MASK;
	opaque(at);
	return m->bytes[at];
}

/* Eight bytes as a number. */
INLINE __u64 der_word(const struct message *m, __u32 at)
{
	at &= DER_MASK;
	opaque(at);
	return bpf_be64_to_cpu(*(const __be64 *)(m->bytes + at));
}

INLINE void der_refuse(struct der *r, enum reason reason)
{
	if (!r->reason)
		r->reason = reason;
}

INLINE __u32 der_length(const struct der *r)
{
	return r->stop - r->start;
}

INLINE struct der_span der_span_of(const struct der *r)
{
	return (struct der_span){.at = r->start, .length = der_length(r)};
}

/* A reader of the contents of what r read last. */
INLINE struct der der_enter(const struct der *r)
{
	return (struct der){.at = r->start, .end = r->stop, .reason = r->reason};
}

INLINE bool der_has_more(const struct der *r)
{
	return !r->reason && r->at < r->end;
}

/* Whether the next element has that tag. */
INLINE bool der_is_next(const struct message *m, const struct der *r, __u32 tag)
{
	return der_has_more(r) && der_byte(m, r->at) == tag;
}

/* The number of bytes of the length at r->at + 1, and the length; 0 for one that is not DER. */
INLINE __u32 der_read_length(const struct message *m, __u32 at, __u32 *length)
{
	__u32 first = der_byte(m, at);

	if (first < 0x80) {
		*length = first;
		return 1;
	}
	if (first == 0x81) {
		*length = der_byte(m, at + 1);
		return *length < 0x80 ? 0 : 2;
	}
	*length = der_byte(m, at + 1) << 8 | der_byte(m, at + 2);
	return first == 0x82 && *length >= 0x100 ? 3 : 0;
}

/* Reads the next element, whatever it is. Returns 0. */
NO_INLINE int der_next(const struct message *m, struct der *r)
{
	__u32 bytes, length;

	if (!m || !r || r->reason)
		return 0;
	r->tag = der_byte(m, r->at);
	bytes = der_read_length(m, r->at + 1, &length);
	if (r->at + 2 > r->end || (r->tag & DER_TAG_LONG) == DER_TAG_LONG || !bytes) {
		r->reason = DROP_CERT_DER;
		return 0;
	}
	r->start = r->at + 1 + bytes;
	r->stop = r->start + length;
	r->at = r->stop;
	if (r->stop > r->end)
		r->reason = DROP_CERT_DER;
	return 0;
}

/* Reads the next element, which must have that tag. */
INLINE void der_take(const struct message *m, struct der *r, __u32 tag, enum reason otherwise)
{
	if (!r->reason && r->at >= r->end)
		r->reason = otherwise;
	der_next(m, r);
	if (r->tag != tag)
		der_refuse(r, otherwise);
}

/* Nothing must be left. */
INLINE void der_finish(struct der *r, enum reason otherwise)
{
	if (r->at != r->end)
		der_refuse(r, otherwise);
}
