/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Membership in a group, and no more: a ring signature of Abe, Ohkubo and Suzuki (ASIACRYPT 2002)
 * for discrete logarithms, over all that the proof is for. With the members' keys P[0] to P[n - 1],
 * the proof's first link c[0] and a response s[i] for each member,
 *
 *	A[i]     = s[i] * G + c[i] * P[i]
 *	c[i + 1] = SHA-256(label || audience || ring || claim || i || A[i])
 *
 * and it holds if c[n] = c[0]: somebody closed the circle at a place where he knew the private key,
 * and all places look alike. Where a group counts admissions, the proof has an image I as well: the
 * same private key's multiple of a point B of this epoch (Liu, Wei and Wong, ACISP 2004), so that
 * each link also hashes s[i] * B + c[i] * I.
 */
#pragma once

#include "../zkp.h"
#include "gate.h"
#include "sha256_message.h"
#include "zkp_birth.h"
#include "zkp_curve.h"
#include "zkp_groups.h"

/* A link with an image is that many curve operations: there is no table of I. */
#define ZKP_IMAGE_OPERATIONS 5
_Static_assert(ZKP_RING_MEMBERS *ZKP_IMAGE_OPERATIONS <= TOKENS_MOST, "operations of one proof");

/* What is hashed once for a proof: two blocks. */
struct zkp_claim {
	__u8 challenge[sizeof(struct challenge)];
	__u8 source[sizeof(struct address)];
	struct p256_xy image;
	__u8 zero[16];
};

/* What is hashed for a link, without the second point where there is no image. */
struct zkp_link {
	__be32 member;
	__u32 zero;
	struct p256_xy commitment;
	struct p256_xy image_commitment;
};

#define ZKP_LINK_AT	sizeof(struct zkp_claim)
#define ZKP_START_BYTES 128

_Static_assert(sizeof(struct zkp_claim) == 128, "claim");

struct zkp_response {
	__u8 bytes[ZKP_SCALAR_BYTES];
};

struct zkp_work {
	struct gate gate;
	__u64 busy;
	struct zkp_ring_key ring;
	struct zkp_image image;
	struct sha256_state start; /* after the claim */
	__u8 first[32];
	struct p256_scalars scalars; /* of one link; its challenge is the link before */
	struct zkp_response response[ZKP_RING_MEMBERS];
	struct sha256 hash;
	struct p256_generic_work curve;
	struct message message;
};

#define GATE_WORK struct zkp_work
#include "gate_work.h"

INLINE bool zkp_is_zero(const __u8 *bytes, int words)
{
	const __u32 *word = (const __u32 *)bytes;
	__u32 all = 0;

#pragma unroll
	for (int i = 0; i < words; i++)
		all |= word[i];
	return !all;
}

/* An image where one is asked for, and none elsewhere; and whether it may still be admitted. */
INLINE enum reason zkp_check_image(struct zkp_work *work, const struct zkp_ring *proof)
{
	struct zkp_image image = {.epoch = work->ring.epoch, .group = work->gate.subject};

	if (!work->ring.limit)
		return zkp_is_zero(proof->image, 16) ? REASON_NONE : DROP_MESSAGE_FORMAT;
	zkp_copy(image.x, proof->image, sizeof(image.x));
	work->image = image;
	return zkp_image_is_spent(&image, work->ring.limit) ? DROP_IMAGE_LIMIT : REASON_NONE;
}

/* What check_proof() returns. The responses are read later, with the packet at hand. */
NO_INLINE int zkp_ring_take(struct gate *g, const struct challenge *challenge,
			    const struct zkp_ring *proof)
{
	struct zkp_work *work = work_now();
	const struct zkp_ring_key *ring = NULL;
	struct zkp_claim *claim;
	enum reason reason;

	if (!g || !work || !challenge || !proof)
		return DROP_PROOF;
	if (proof->reserved)
		return DROP_MESSAGE_FORMAT;
	g->subject = bpf_ntohs(proof->group);
	reason = zkp_find_ring(&ring, g->subject, bpf_ntohl(proof->epoch), g->now_ns);
	if (reason || !ring)
		return reason;
	zkp_copy(&work->ring, ring, sizeof(work->ring));
	if (g->packet.l4_length != sizeof(struct udphdr) + sizeof(struct gate_proof) +
					   work->ring.members * ZKP_SCALAR_BYTES)
		return DROP_MESSAGE_LENGTH;
	reason = zkp_check_image(work, proof);
	if (reason)
		return reason;
	claim = (struct zkp_claim *)work->message.bytes;
	zkp_copy(claim->challenge, challenge, sizeof(claim->challenge));
	zkp_copy(claim->source, &g->packet.source, sizeof(claim->source));
	zkp_copy(&claim->image, proof->image, sizeof(claim->image));
	__builtin_memset(claim->zero, 0, sizeof(claim->zero));
	zkp_copy(work->first, proof->link, sizeof(work->first));
	return GATE_SUSPENDED;
}

/* Reads a response for each member. Before 6.2, a length is known to be at least 1 from last. */
INLINE bool zkp_load_responses(struct __sk_buff *ctx, struct zkp_work *work)
{
	__u32 offset =
		work->gate.packet.l4_offset + sizeof(struct udphdr) + sizeof(struct gate_proof);
	__u64 last = work->ring.members * ZKP_SCALAR_BYTES - 1;

	opaque(last);
	if (last >= sizeof(work->response))
		return false;
	return !bpf_skb_load_bytes(ctx, offset, work->response, last + 1);
}

/* All responses are numbers from 1 to n - 1, the image is a point. Returns an enum reason. */
NO_INLINE int zkp_ring_decode(struct __sk_buff *ctx, struct zkp_work *work)
{
	__u32 wrong = 0;

	if (!work || !zkp_load_responses(ctx, work))
		return DROP_MESSAGE_LENGTH;
	for (__u32 i = 0; i < ZKP_RING_MEMBERS; i++) {
		if (i >= work->ring.members)
			break;
		wrong |= !zkp_is_scalar(work->response[i].bytes);
	}
	return wrong ? DROP_SCALAR : REASON_NONE;
}

/* The image's odd multiples, for all links. Returns an enum reason. */
NO_INLINE int zkp_ring_image(struct zkp_work *work)
{
	struct zkp_claim *claim;

	if (!work)
		return DROP_POINT;
	if (!work->ring.limit)
		return REASON_NONE;
	claim = (struct zkp_claim *)work->message.bytes;
	if (p256_load_xy(&work->curve, &claim->image))
		return DROP_POINT;
	p256_odd_multiples(&work->curve);
	p256_normalize_odd(&work->curve);
	return REASON_NONE;
}

/* Budgets, and the hash of the claim. Returns an enum reason. */
NO_INLINE int zkp_ring_prepare(struct zkp_work *work)
{
	enum reason reason;

	if (!work)
		return DROP_PROOF;
	reason = zkp_take_budget(
		&work->gate, work->ring.members * (work->ring.limit ? ZKP_IMAGE_OPERATIONS : 1));
	if (reason)
		return reason;
	work->hash.state = work->ring.start;
	work->hash.bytes = ZKP_START_BYTES;
	if (sha256_absorb(&work->hash, &work->message, 0, sizeof(struct zkp_claim)))
		return DROP_PROOF;
	work->start = work->hash.state;
	zkp_copy(work->scalars.of_key, work->first, sizeof(work->first));
	return REASON_NONE;
}

/* point = s * B + c * I. Returns P256_OK or P256_REJECTED. */
NO_INLINE int zkp_image_sum(struct zkp_work *work, struct p256_xy *point)
{
	__u32 width = p256_widths.key, first;
	struct p256_work *common;

	if (!work || !point)
		return P256_REJECTED;
	common = &work->curve.common;
	first = p256_table_entries(p256_widths.generator) +
		work->ring.base * p256_table_entries(width);
	if (p256_take_scalars(common, &work->scalars, 0))
		return P256_REJECTED;
	p256_recode(&work->curve);
	p256_double_and_add(&work->curve);
	p256_set_denominators(&work->curve.multiple);
	common->of_key.sum = work->curve.multiple.sum;
	if (p256_gather(&common->of_generator, first, width) ||
	    p256_add_up(&common->of_generator, &common->point) || p256_join(common))
		return P256_REJECTED;
	return p256_sum_write(common, point);
}

/* The hash of a link is the next one's challenge. */
NO_INLINE int zkp_link_hash(struct zkp_work *work)
{
	__u64 bytes = sizeof(struct zkp_link);

	if (!work)
		return 1;
	if (!work->ring.limit)
		bytes -= sizeof(struct p256_xy);
	work->hash.state = work->start;
	work->hash.bytes = ZKP_START_BYTES + sizeof(struct zkp_claim);
	if (sha256_finish(&work->hash, &work->message, ZKP_LINK_AT, bytes))
		return 1;
	zkp_copy(work->scalars.of_key, work->hash.digest, 32);
	return 0;
}

/* Link number i. Returns an enum reason. */
NO_INLINE int zkp_ring_link(struct zkp_work *work, __u32 i)
{
	struct zkp_link *link;

	if (!work || i >= ZKP_RING_MEMBERS)
		return DROP_PROOF;
	link = (struct zkp_link *)(work->message.bytes + ZKP_LINK_AT);
	link->member = bpf_htonl(i);
	link->zero = 0;
	zkp_copy(work->scalars.of_generator, work->response[i].bytes, ZKP_SCALAR_BYTES);
	if (p256_sum_affine(&work->curve.common, work->ring.table[i], &work->scalars,
			    &link->commitment, 0))
		return DROP_PROOF;
	if (work->ring.limit && zkp_image_sum(work, &link->image_commitment))
		return DROP_PROOF;
	return zkp_link_hash(work) ? DROP_PROOF : REASON_NONE;
}

INLINE bool zkp_is_closed(const struct zkp_work *work)
{
	__u8 difference = 0;

#pragma unroll
	for (int i = 0; i < 32; i++)
		difference |= work->first[i] ^ work->scalars.of_key[i];
	return !difference;
}

/* From link to link, and back to the first. Returns an enum reason. */
INLINE int zkp_ring_check(struct __sk_buff *ctx, struct zkp_work *work)
{
	int reason = zkp_ring_decode(ctx, work);

	if (!reason)
		reason = zkp_ring_prepare(work);
	if (!reason)
		reason = zkp_ring_image(work);
	for (__u32 i = 0; i < ZKP_RING_MEMBERS; i++) {
		if (reason)
			return reason;
		if (i >= work->ring.members)
			break;
		reason = zkp_ring_link(work, i);
	}
	if (reason)
		return reason;
	return zkp_is_closed(work) ? REASON_NONE : DROP_PROOF;
}

/* The admission counts for the member, whoever it is. Returns an enum reason. */
NO_INLINE int zkp_ring_settle(struct __sk_buff *ctx, struct zkp_work *work, __u32 reason)
{
	struct zkp_image image;
	bool is_taken = false;

	if (!work)
		return DROP_PROOF;
	image = work->image; /* 6.1 takes keys from the stack, not from an argument */
	if (!reason && work->ring.limit) {
		reason = zkp_image_take(&image, work->ring.limit);
		is_taken = !reason;
	}
	reason = zkp_last(ctx, &work->gate, reason);
	if (is_taken && reason != ANSWER_ADMITTED)
		zkp_image_give_back(&image);
	return reason;
}
