/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a packet is what its id says.
 *
 * What an attacker may do: send any packet to a protected port, with any id, also with parts of
 * right ones put together anew. What he gets for it: nothing passes that does not hash to its id,
 * so there is one packet at most for an id, or for an id and an index; and the cost of one check,
 * which is as much as for a right packet, as long as his budget lasts.
 *
 * An id stands for one thing. What is hashed for a leaf begins with a byte 0, for a node with 1,
 * for a manifest with its label; content that is a manifest is not let through as content.
 */
#pragma once

#include "cas_budget.h"

/* From the packet, at either hook: which one, the compiler knows. Returns 0 or less. */
INLINE long cas_load(void *ctx, bool is_egress, __u32 offset, void *to, __u32 length)
{
	return is_egress ? bpf_skb_load_bytes(ctx, offset, to, length)
			 : bpf_xdp_load_bytes(ctx, offset, to, length);
}

INLINE long cas_load_message(void *ctx, bool is_egress, struct cas_work *work, __u64 at,
			     __u32 offset, __u64 length)
{
	return is_egress ? message_load_skb(&work->message, at, ctx, offset, length)
			 : message_load_xdp(&work->message, at, ctx, offset, length);
}

/* Hashes of a path, at least one: 6.1 does not conclude that from "not 0". */
INLINE long cas_load_path(void *ctx, bool is_egress, struct cas_work *work, __u32 offset,
			  __u32 hashes)
{
	__u64 more = hashes - 1;

	opaque(more);
	if (more >= MERKLE_DEPTH_MAX)
		return -1;
	return cas_load(ctx, is_egress, offset, &work->path,
			(more + 1) * sizeof(struct merkle_hash));
}

INLINE enum reason cas_load_header(void *ctx, bool is_egress, const struct packet *p,
				   struct cas_work *work)
{
	__u32 payload = p->l4_length - sizeof(struct udphdr);
	__u32 offset = p->l4_offset + sizeof(struct udphdr);
	struct cas_header *header = &work->wire.header;

	if (payload < sizeof(*header) || cas_load(ctx, is_egress, offset, header, sizeof(*header)))
		return DROP_NOT_CONTENT;
	if (header->magic != bpf_htonl(CAS_MAGIC) || header->version != CAS_VERSION)
		return DROP_NOT_CONTENT;
	if (header->flags)
		return DROP_CONTENT_FORMAT;
	if (header->type == CAS_CONTENT)
		return REASON_NONE;
	if (header->type != CAS_CHUNK)
		return DROP_CONTENT_FORMAT;
	if (payload < sizeof(work->wire))
		return DROP_CONTENT_LENGTH;
	offset += sizeof(*header);
	return cas_load(ctx, is_egress, offset, &work->wire.object, sizeof(work->wire.object))
		       ? DROP_CONTENT_LENGTH
		       : REASON_NONE;
}

INLINE __u32 cas_find(const struct cas_id *id, __u8 generation)
{
	__u32 *listed = generation & 1 ? bpf_map_lookup_elem(&ids_odd, id)
				       : bpf_map_lookup_elem(&ids_even, id);

	return listed ? *listed : 0;
}

/*
 * What the lists say. A map is cleared only after it went out of use: what was found counts if the
 * generation is the same afterwards.
 */
INLINE enum reason cas_check_lists(const struct cas_work *work)
{
	struct cas_id id = work->wire.header.id;

#pragma unroll
	for (int tries = 0; tries < 2; tries++) {
		__u8 generation = read_once(cas_generation);
		__u8 lists = read_once(cas_lists[generation & 1]);
		__u32 listed = lists ? cas_find(&id, generation) : 0;

		if (generation != read_once(cas_generation))
			continue;
		if (listed == CAS_DENY)
			return DROP_ID_DENIED;
		return lists & CAS_HAS_ALLOW && listed != CAS_ALLOW ? DROP_ID_NOT_ALLOWED
								    : REASON_NONE;
	}
	return DROP_LISTS_CHANGING;
}

/* Whether what is hashed is in the message, from its beginning on; its digest is left in node. */
INLINE int cas_hash(struct cas_work *work, __u64 length)
{
	if (sha256_packet(&work->hash, &work->message, 0, length))
		return 1;
#pragma unroll
	for (int i = 0; i < 8; i++)
		work->merkle.node.h[i] = bpf_ntohl(work->hash.digest[i]);
	return 0;
}

INLINE bool cas_is_id(const struct cas_work *work)
{
	return merkle_is(&work->merkle, (const __be32 *)work->wire.header.id.bytes);
}

INLINE enum reason cas_judge_content(void *ctx, bool is_egress, const struct packet *p,
				     struct cas_work *work)
{
	__u32 length = bpf_ntohl(work->wire.header.length);
	__u32 offset = p->l4_offset + sizeof(struct udphdr) + CAS_HEADER_BYTES;
	enum reason reason;

	if (length > CAS_CONTENT_MAX)
		return DROP_CONTENT_FORMAT;
	if (p->l4_length != sizeof(struct udphdr) + CAS_HEADER_BYTES + length ||
	    cas_load_message(ctx, is_egress, work, 0, offset, length))
		return DROP_CONTENT_LENGTH;
	if (length == CAS_MANIFEST_BYTES &&
	    *(__be64 *)work->message.bytes == bpf_cpu_to_be64(CAS_MANIFEST_LABEL))
		return DROP_MANIFEST_AS_CONTENT;
	reason = is_egress ? REASON_NONE : cas_take_budget(p, work, cas_blocks(length));
	if (reason)
		return reason;
	if (cas_hash(work, length) || !cas_is_id(work))
		return DROP_CONTENT;
	return PASS_CONTENT;
}

/* Whether the object has such a chunk, whose length and path are these. */
INLINE enum reason cas_find_place(struct cas_work *work)
{
	const struct cas_object *object = &work->wire.object;
	__u64 size = (__u64)bpf_ntohl(object->size[0]) << 32 | bpf_ntohl(object->size[1]);
	__u64 chunk_bytes = bpf_ntohl(object->chunk_bytes), last, length = chunk_bytes;
	__u32 index;

	if (!size || chunk_bytes < CAS_CHUNK_MIN || chunk_bytes > CAS_CHUNK_MAX)
		return DROP_CONTENT_FORMAT;
	last = (size - 1) / chunk_bytes;
	if (last >= CAS_CHUNKS_MAX)
		return DROP_CONTENT_FORMAT;
	index = bpf_ntohl(object->index);
	if (index > last)
		return DROP_CHUNK_INDEX;
	if (index == last)
		length = size - last * chunk_bytes;
	if (bpf_ntohl(work->wire.header.length) != length)
		return DROP_CHUNK_INDEX;
	work->merkle.index = index;
	work->merkle.levels = merkle_levels(index, last);
	return REASON_NONE;
}

/* Whether size, chunk size and root are what the id stands for. One block. */
NO_INLINE int cas_check_manifest(struct cas_work *work)
{
	const __be32 *fields;
	struct merkle *m;

	if (!work)
		return DROP_MANIFEST;
	fields = work->wire.object.size;
	m = &work->merkle;
	m->block.w[0] = CAS_MANIFEST_LABEL >> 32;
	m->block.w[1] = (__u32)CAS_MANIFEST_LABEL;
#pragma unroll
	for (int i = 0; i < 11; i++)
		m->block.w[2 + i] = bpf_ntohl(fields[i]);
	m->block.w[13] = 0x80000000;
	m->block.w[14] = 0;
	m->block.w[15] = CAS_MANIFEST_BYTES * 8;
	m->node = (struct sha256_state)SHA256_INIT;
	sha256_block(&m->node, &m->block);
	return cas_is_id(work) ? REASON_NONE : DROP_MANIFEST;
}

INLINE enum reason cas_judge_chunk(void *ctx, bool is_egress, const struct packet *p,
				   struct cas_work *work)
{
	__u32 offset = p->l4_offset + sizeof(struct udphdr) + sizeof(struct cas_packet);
	__u32 length, hashes;
	enum reason reason = cas_find_place(work);

	if (reason)
		return reason;
	length = bpf_ntohl(work->wire.header.length);
	hashes = bits_set(work->merkle.levels);
	if (p->l4_length != sizeof(struct udphdr) + sizeof(struct cas_packet) + length +
				    hashes * sizeof(struct merkle_hash))
		return DROP_CONTENT_LENGTH;
	reason = is_egress ? REASON_NONE
			   : cas_take_budget(p, work, 1 + cas_blocks(1 + length) + 2 * hashes);
	if (reason)
		return reason;
	reason = cas_check_manifest(work);
	if (reason)
		return reason;
	work->message.bytes[0] = MERKLE_LEAF;
	if (cas_load_message(ctx, is_egress, work, 1, offset, length) ||
	    (hashes && cas_load_path(ctx, is_egress, work, offset + length, hashes)))
		return DROP_CONTENT_LENGTH;
	if (cas_hash(work, 1 + length) || merkle_climb(&work->merkle, &work->path) ||
	    !merkle_is(&work->merkle, work->wire.object.root))
		return DROP_CHUNK;
	return PASS_CHUNK;
}

INLINE bool cas_udp_length_is(void *ctx, bool is_egress, const struct packet *p)
{
	struct udphdr udp;

	return !cas_load(ctx, is_egress, p->l4_offset, &udp, sizeof(udp)) &&
	       udp.len == bpf_htons(p->l4_length);
}

/* What becomes of a packet to a protected port. */
INLINE enum reason cas_judge(void *ctx, bool is_egress, const struct packet *p,
			     struct cas_work *work)
{
	const struct cas_config *config = cas_config_now();
	enum reason reason;

	if (config->confirm_by_ns && work->now_ns > config->confirm_by_ns)
		return PASS_UNCONFIRMED;
	if (p->first_fragment)
		return DROP_FRAGMENT;
	if (is_egress && ((struct __sk_buff *)ctx)->gso_size)
		return DROP_SEGMENTS;
	reason = cas_load_header(ctx, is_egress, p, work);
	if (reason)
		return reason;
	if (!cas_udp_length_is(ctx, is_egress, p))
		return DROP_CONTENT_LENGTH;
	reason = cas_check_lists(work);
	if (reason && !config->observe_lists)
		return reason;
	work->observed = reason;
	return work->wire.header.type == CAS_CONTENT ? cas_judge_content(ctx, is_egress, p, work)
						     : cas_judge_chunk(ctx, is_egress, p, work);
}
