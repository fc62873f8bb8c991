/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate: protected ports that only admitted sources reach, and the exchange by which a source is
 * admitted: hello -> challenge -> proof -> verdict, over UDP, answered in place and without state
 * until a proof holds. What a proof is, the feature says. Before it includes this header, it
 * defines
 *
 *	GATE_MAGIC		first four bytes of its messages
 *	GATE_PROOF_BYTES	length of its proof, a multiple of 4
 *	check_proof()		the check; declared in gate_wire.h
 *
 * includes the header of its hook (hook_xdp.h, hook_tc.h), and calls gate_run().
 *
 * What changes hands between functions is plain numbers, and the larger steps are global functions:
 * the verifier looks at each of them once, not once for each path that leads to it.
 *
 * What an attacker may do: send any packet, from any source address, at any rate, and replay what
 * he has seen. What he gets for it: never more bytes than he sent, no memory in the kernel, and the
 * cost of one SipHash, or of one proof check for a challenge that an address of his was given.
 */
#pragma once

#include "answer.h"
#include "gate_exchange.h"
#include "gate_traffic.h"
#include "stats.h"

INLINE enum reason gate_check_header(const struct gate_header *header)
{
	if (header->magic != bpf_htonl(GATE_MAGIC))
		return DROP_MESSAGE_MAGIC;
	if (header->version != GATE_VERSION)
		return DROP_MESSAGE_VERSION;
	if (header->type != GATE_HELLO && header->type != GATE_PROOF &&
	    !(GATE_REQUEST_BYTES && header->type == GATE_REQUEST))
		return DROP_MESSAGE_TYPE;
	if (header->status || header->reserved)
		return DROP_MESSAGE_FORMAT;
	return REASON_NONE;
}

/* The payload's first bytes, when they are all there, and at most more bytes behind them. */
INLINE void *gate_long_payload(hook_context *ctx, const struct packet *p, __u32 bytes, __u32 more)
{
	__u32 offset = p->l4_offset, length = p->l4_length;
	struct udphdr *udp;

	if (offset > L4_OFFSET_MAX || length - sizeof(*udp) - bytes > more)
		return NULL;
	udp = hook_data(ctx) + offset;
	if ((void *)(udp + 1) + bytes > hook_end(ctx) || udp->len != bpf_htons(length))
		return NULL;
	return udp + 1;
}

/* The payload, when it is exactly bytes long and all there. */
INLINE void *gate_payload(hook_context *ctx, const struct packet *p, __u32 bytes)
{
	return gate_long_payload(ctx, p, bytes, 0);
}

INLINE struct gate_proof *gate_proof_payload(hook_context *ctx, const struct packet *p)
{
	return gate_long_payload(ctx, p, sizeof(struct gate_proof), GATE_PROOF_MORE);
}

#if GATE_REQUEST_BYTES
INLINE struct gate_request *gate_request_payload(hook_context *ctx, const struct packet *p)
{
	return gate_long_payload(ctx, p, sizeof(struct gate_request), GATE_PROOF_MORE);
}
#endif

INLINE enum reason gate_dispatch(hook_context *ctx, struct gate *g)
{
	struct gate_header *header = gate_payload(ctx, &g->packet, GATE_HELLO_BYTES);
	struct gate_proof *proof;
	enum reason reason;

	if (sizeof(struct gate_proof) != GATE_HELLO_BYTES && !header)
		header = (void *)gate_proof_payload(ctx, &g->packet);
#if GATE_REQUEST_BYTES
	if (!header)
		header = (void *)gate_request_payload(ctx, &g->packet);
#endif
	if (!header)
		return DROP_MESSAGE_LENGTH;
	reason = gate_check_header(header);
	if (reason)
		return reason;
	if (list_verdict(g) == LIST_DENY)
		return DROP_DENIED;
	if (header->type == GATE_HELLO) {
		header = gate_payload(ctx, &g->packet, GATE_HELLO_BYTES);
		return header ? gate_hello(g, (void *)header) : DROP_MESSAGE_LENGTH;
	}
#if GATE_REQUEST_BYTES
	if (header->type == GATE_REQUEST) {
		struct gate_request *request = gate_request_payload(ctx, &g->packet);

		return request ? gate_request(g, request) : DROP_MESSAGE_LENGTH;
	}
#endif
	proof = gate_proof_payload(ctx, &g->packet);
	return proof ? gate_proof(g, proof) : DROP_MESSAGE_LENGTH;
}

INLINE enum reason gate_judge_message(hook_context *ctx, struct gate *g)
{
	const struct packet *p = &g->packet;

	if (p->first_fragment)
		return DROP_FRAGMENT;
	if (p->options)
		return DROP_HEADER_OPTIONS;
	if (!is_host_address(p, &p->source) || !is_host_address(p, &p->destination))
		return DROP_ADDRESS;
	return gate_dispatch(ctx, g);
}

/* What is to become of the packet. */
INLINE enum reason gate_judge(hook_context *ctx, struct gate *g)
{
	struct packet *p = &g->packet;
	enum reason reason = parse_packet(ctx, p);
	bool message;

	if (reason)
		return reason;
	message = p->protocol == IPPROTO_UDP && p->destination_port == config_of(g)->port;
	if (!message && !is_protected(p))
		return PASS_UNPROTECTED;
	g->now_ns = bpf_ktime_get_boot_ns();
	g->prefix = mask_address(p, &config_of(g)->mask_ipv4, &config_of(g)->mask_ipv6);
	return message ? gate_judge_message(ctx, g) : gate_judge_traffic(ctx, g);
}

INLINE void gate_emit(const struct gate *g, enum reason reason)
{
	struct gate_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		count(EVENT_LOST, 0);
		return;
	}
	event->time_ns = g->now_ns;
	event->source = g->packet.source;
	event->reason = reason;
	event->lifetime_s = g->lifetime_s;
	event->port = g->packet.destination_port;
	event->protocol = g->packet.protocol;
	event->difficulty = g->difficulty;
	event->subject = g->subject;
	bpf_ringbuf_submit(event, 0);
}

/* Admissions are always told; drops up to a rate, since a flood is made of them. */
INLINE void gate_tell(const struct gate *g, enum reason reason)
{
	if (reason == ANSWER_ADMITTED)
		gate_emit(g, reason);
	else if (is_drop(reason) &&
		 token_take(&gate_state.event_bucket, &config_of(g)->event_rate, g->now_ns))
		gate_emit(g, reason);
}

/* Sends the packet back, whose payload is the answer already. */
INLINE int gate_answer(hook_context *ctx, const struct gate *g)
{
	const struct packet *p = &g->packet;
	__u32 bytes = p->l4_length - sizeof(struct udphdr);
	struct answer a;
	bool done;

	if (!answer_locate(ctx, p, &a))
		return hook_abort();
	swap_ends(&a, p);
	if (bytes == GATE_HELLO_BYTES)
		done = answer_checksum(ctx, &a, p, GATE_HELLO_BYTES, g->old_sum);
	else if (GATE_REQUEST_BYTES && bytes == sizeof(struct gate_request))
		done = answer_checksum(ctx, &a, p, sizeof(struct gate_request), g->old_sum);
	else
		done = answer_checksum(ctx, &a, p, sizeof(struct gate_proof), g->old_sum);
	return done ? hook_send_back(ctx) : hook_abort();
}

/* Not an action of any hook: the next program decides. */
#define GATE_PASSES 256

/* What a verdict comes to: an action, or GATE_PASSES. */
INLINE int gate_act(hook_context *ctx, const struct gate *g, enum reason reason)
{
	count(reason, g->packet.frame_length);
	gate_tell(g, reason);
	if (g->answered)
		return gate_answer(ctx, g);
	if (is_pass(reason))
		return GATE_PASSES;
	if (!config_of(g)->monitor)
		return hook_drop();
	count(PASS_MONITORED, g->packet.frame_length);
	return GATE_PASSES;
}

/* The whole program: slot is its place in the chain of its interface, where the hook has one. */
INLINE int gate_run(hook_context *ctx, __u32 slot)
{
	struct gate g = {.config_index = read_once(gate_active)};
	enum reason reason = gate_judge(ctx, &g);
	int action = gate_act(ctx, &g, reason);

	return action == GATE_PASSES ? hook_pass(ctx, slot) : action;
}
