/* SPDX-License-Identifier: GPL-2.0-only */
/* Turning a request into its answer, which is never longer. */
#pragma once

#include "answer.h"
#include "offload_session.h"

#define CHECKSUM_PIECE 512 /* what bpf_csum_diff() takes at once before 6.12 */

/* Of so many bytes of the message, a multiple of 4. Less than 0: a helper refused. */
NO_INLINE long offload_checksum(struct offload_work *work, __u32 bytes, __u32 sum)
{
	__s64 total = sum;

	if (!work)
		return -1;
	for (__u32 i = 0; i < OFFLOAD_PAYLOAD_MAX; i += CHECKSUM_PIECE) {
		__u32 left = bytes - i;

		if (i >= bytes || total < 0)
			break;
		opaque(left);
		if (left > CHECKSUM_PIECE)
			left = CHECKSUM_PIECE;
		total = bpf_csum_diff(NULL, 0, (__be32 *)(work->message.bytes + i), left, total);
	}
	return total;
}

/* Behind a body of so many bytes. */
INLINE bool offload_put_tag(struct offload_work *work, __u64 body)
{
	struct siphash_tag128 tag;

	work->mac = siphash128_start(&work->client.reply);
	if (siphash_message(&work->mac, &work->message, 0, OFFLOAD_HEAD_BYTES + body))
		return false;
	tag = siphash128_finish(&work->mac);
	opaque(body);
	if (body > OFFLOAD_BODY_MAX)
		return false;
	__builtin_memcpy(work->message.bytes + OFFLOAD_HEAD_BYTES + body, &tag, sizeof(tag));
	return true;
}

/* Head, zeros behind the result up to whole words, and the tag: all that the payload is. */
INLINE bool offload_finish_payload(struct offload_work *work, __u32 *payload)
{
	struct offload_head *head = (struct offload_head *)work->message.bytes;
	__u64 result = work->error ? 0 : work->result_bytes, padded = (result + 3) & ~3ULL;

	opaque(result);
	if (result > OFFLOAD_BODY_MAX || padded > work->body_bytes)
		return false;
	head->type = work->error ? OFFLOAD_ERROR : OFFLOAD_RESULT;
	head->detail = work->error ? work->error : OFFLOAD_BPF;
	head->segment = 0;
	head->segments = bpf_htons(1);
	head->length = bpf_htonl(result);
	__builtin_memset(work->message.bytes + OFFLOAD_HEAD_BYTES + result, 0, 4);
	if (work->client.kind == OFFLOAD_CLIENT_SESSION ? offload_session_seal(work, padded)
							: !offload_put_tag(work, padded))
		return false;
	*payload = OFFLOAD_PAYLOAD_MIN + padded;
	return true;
}

/* Cuts the frame to a payload of so many bytes, and stores that. */
INLINE bool offload_store(struct xdp_md *ctx, struct offload_work *work, __u32 payload)
{
	struct packet *p = &work->packet;
	__u32 offset = p->l4_offset + sizeof(struct udphdr), last = payload - 1;

	if (bpf_xdp_adjust_tail(ctx, (int)(offset + payload - p->frame_length)))
		return false;
	p->frame_length = offset + payload;
	p->l4_length = sizeof(struct udphdr) + payload;
	opaque(last);
	if (last >= OFFLOAD_PAYLOAD_MAX)
		return false;
	return !bpf_xdp_store_bytes(ctx, offset, work->message.bytes, last + 1);
}

INLINE void offload_set_lengths(const struct answer *a, const struct packet *p)
{
	struct ipv6hdr *ipv6 = a->l3;
	struct iphdr *ipv4 = a->l3;

	a->udp->len = bpf_htons(p->l4_length);
	if (p->version == 4)
		ipv4->tot_len = bpf_htons(sizeof(*ipv4) + p->l4_length);
	else
		ipv6->payload_len = bpf_htons(p->l4_length);
}

/* Returns 0; 1 when it could not be made, and the packet is not to leave. */
NO_INLINE int offload_answer(struct xdp_md *ctx, struct offload_work *work)
{
	struct packet *p;
	struct answer a;
	__u32 payload;
	__s64 sum;

	if (!work || !offload_finish_payload(work, &payload) || !offload_store(ctx, work, payload))
		return 1;
	p = &work->packet;
	if (!answer_locate(ctx, p, &a))
		return 1;
	offload_set_lengths(&a, p);
	swap_ends(&a, p);
	a.udp->check = 0;
	sum = bpf_csum_diff(NULL, 0, (__be32 *)a.udp, sizeof(*a.udp), pseudo_header_sum(p));
	if (sum < 0)
		return 1;
	sum = offload_checksum(work, payload, sum);
	if (sum < 0)
		return 1;
	a.udp->check = csum_fold(sum);
	if (!a.udp->check)
		a.udp->check = 0xffff;
	return 0;
}
