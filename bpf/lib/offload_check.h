/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a packet is a request of a client, which only its tag says.
 *
 * What an attacker may do: send anything, also what he saw others send. What he gets for it: one
 * SipHash of his packet, and no answer. A client may send what it likes: it gets answers at its
 * rate, none longer than its requests, one for each counter.
 */
#pragma once

#include "offload_session.h"

INLINE void offload_take_head(struct offload_head *head)
{
	head->client = bpf_ntohl(head->client);
	head->key = bpf_ntohs(head->key);
	head->segment = bpf_ntohs(head->segment);
	head->segments = bpf_ntohs(head->segments);
	head->length = bpf_ntohl(head->length);
	head->counter = bpf_be64_to_cpu(head->counter);
}

/* The payload into work->message. */
INLINE enum reason offload_load(struct xdp_md *ctx, struct offload_work *work)
{
	const struct packet *p = &work->packet;
	__u32 payload = p->l4_length - sizeof(struct udphdr);
	struct udphdr udp;

	if (p->first_fragment)
		return DROP_FRAGMENT;
	if (p->options)
		return DROP_HEADER_OPTIONS;
	if (payload < OFFLOAD_PAYLOAD_MIN || payload > OFFLOAD_PAYLOAD_MAX || payload % 4 ||
	    bpf_xdp_load_bytes(ctx, p->l4_offset, &udp, sizeof(udp)) ||
	    udp.len != bpf_htons(p->l4_length) ||
	    message_load_xdp(&work->message, 0, ctx, p->l4_offset + sizeof(udp), payload))
		return DROP_MESSAGE_LENGTH;
	work->body_bytes = payload - OFFLOAD_PAYLOAD_MIN;
	return REASON_NONE;
}

INLINE enum reason offload_check_head(struct offload_work *work)
{
	struct offload_head *head = &work->head;

	__builtin_memcpy(head, work->message.bytes, sizeof(*head));
	if (head->magic != bpf_htonl(OFFLOAD_MAGIC))
		return DROP_MESSAGE_MAGIC;
	if (head->version != OFFLOAD_VERSION)
		return DROP_MESSAGE_VERSION;
	if (head->type != OFFLOAD_REQUEST)
		return DROP_MESSAGE_TYPE;
	offload_take_head(head);
	if (head->reserved || head->detail || head->length > work->body_bytes ||
	    head->segment >= head->segments || head->segments > OFFLOAD_SEGMENTS_MAX)
		return DROP_MESSAGE_FORMAT;
	return REASON_NONE;
}

INLINE bool offload_tag_holds(struct offload_work *work, const struct siphash_key *key)
{
	__u64 at = OFFLOAD_HEAD_BYTES + (__u64)work->body_bytes;
	struct siphash_tag128 tag;
	const __u64 *claimed;

	if (at > OFFLOAD_HEAD_BYTES + OFFLOAD_BODY_MAX)
		return false;
	work->mac = siphash128_start(key);
	if (siphash_message(&work->mac, &work->message, 0, at))
		return false;
	tag = siphash128_finish(&work->mac);
	opaque(at);
	if (at > OFFLOAD_HEAD_BYTES + OFFLOAD_BODY_MAX)
		return false;
	claimed = (const __u64 *)(work->message.bytes + at);
	return !((claimed[0] ^ tag.low) | (claimed[1] ^ tag.high));
}

INLINE bool offload_is_genuine(struct offload_work *work)
{
	if (work->client.kind == OFFLOAD_CLIENT_SESSION)
		return !offload_session_open(work);
	return offload_tag_holds(work, &work->client.request);
}

/* Within the rate of the client, and of all. */
INLINE bool offload_afford(const struct offload_work *work)
{
	__u32 place = work->client.budget;
	struct offload_client_state *state = bpf_map_lookup_elem(&client_states, &place);

	return state && token_take(&state->bucket, &work->client.rate, work->now_ns) &&
	       token_take(&offload_bucket, &offload_config_now()->rate, work->now_ns);
}

/* Why a client whose request it is does not get it. */
INLINE enum offload_error offload_check_client(const struct offload_work *work)
{
	bool asks_session = work->head.operation == OFFLOAD_SESSION;

	if (work->client.kind == OFFLOAD_CLIENT_PROBE)
		return OFFLOAD_DONE;
	if (!offload_afford(work))
		return OFFLOAD_BUDGET;
	if (work->client.kind == OFFLOAD_CLIENT_SECRET && !asks_session)
		return OFFLOAD_PLAINTEXT;
	if (work->client.kind == OFFLOAD_CLIENT_SESSION && asks_session)
		return OFFLOAD_BAD_OPERATION;
	return OFFLOAD_DONE;
}

/* The client's, whose tag holds and whose counter is new. */
INLINE enum reason offload_authenticate(struct offload_work *work)
{
	__u32 id = work->head.client, place;
	struct offload_client *client = bpf_map_lookup_elem(&clients, &id);
	struct offload_client_state *state;

	if (!client)
		return DROP_OFFLOAD_CLIENT;
	work->client = *client;
	place = client->place;
	if (work->client.kind == OFFLOAD_CLIENT_SESSION && work->now_ns >= work->client.ends_ns)
		return DROP_OFFLOAD_CLIENT;
	state = bpf_map_lookup_elem(&client_states, &place);
	if (!state || replay_check(&state->window, work->head.counter))
		return DROP_REPLAY;
	if (!offload_is_genuine(work))
		return DROP_OFFLOAD_TAG;
	if (replay_commit(&state->window, work->head.counter))
		return DROP_REPLAY;
	work->error = offload_check_client(work);
	return REASON_NONE;
}

/* Returns an enum reason: REASON_NONE for a request, with work->error set if it is to be refused.
 */
NO_INLINE int offload_receive(struct xdp_md *ctx, struct offload_work *work)
{
	enum reason reason;

	if (!work)
		return DROP_OFFLOAD_BUSY;
	reason = offload_load(ctx, work);
	if (!reason)
		reason = offload_check_head(work);
	return reason ? reason : offload_authenticate(work);
}
