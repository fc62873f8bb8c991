/* SPDX-License-Identifier: GPL-2.0-only */
/* What a verdict comes to: counters, events, and whether the packet goes on. */
#pragma once

#include "cas_check.h"

INLINE void cas_count(bool is_egress, enum reason reason, __u64 bytes)
{
	if (is_egress)
		count_in(&egress_stats, reason, bytes);
	else
		count(reason, bytes);
}

INLINE void cas_emit(const struct packet *p, const struct cas_work *work, enum reason reason,
		     bool is_egress)
{
	struct cas_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		cas_count(is_egress, EVENT_LOST, 0);
		return;
	}
	event->time_ns = work->now_ns;
	event->source = p->source;
	event->destination = p->destination;
	event->id = work->wire.header.id;
	event->reason = reason;
	event->index = bpf_ntohl(work->wire.object.index);
	event->port = p->destination_port;
	event->type = work->wire.header.type;
	event->egress = is_egress;
	event->reserved = 0;
	bpf_ringbuf_submit(event, 0);
}

/* Tells of it, up to a rate, since a flood is made of drops. */
INLINE void cas_tell(const struct packet *p, const struct cas_work *work, enum reason reason,
		     bool is_egress)
{
	if (is_drop(reason) &&
	    token_take(&cas_event_bucket, &cas_config_now()->event_rate, work->now_ns))
		cas_emit(p, work, reason, is_egress);
}

/* Judges a packet to a protected port, and tells of it. */
INLINE enum reason cas_check(void *ctx, bool is_egress, const struct packet *p)
{
	struct cas_work *work = cas_work_begin();
	enum reason reason;

	if (!work)
		return DROP_CONTENT_BUSY;
	reason = cas_judge(ctx, is_egress, p, work);
	cas_tell(p, work, reason, is_egress);
	if (work->observed) {
		cas_count(is_egress, work->observed, p->frame_length);
		cas_tell(p, work, work->observed, is_egress);
	}
	cas_work_end(work);
	return reason;
}

INLINE bool cas_is_protected(const struct packet *p, bool is_egress)
{
	const __u64 *ports = is_egress ? cas_ports.egress : cas_ports.ingress;

	return p->protocol == IPPROTO_UDP && set_has(ports, p->destination_port);
}

/* The whole of a program, once its packet is parsed: whether it does not go on. */
INLINE bool cas_refuses(void *ctx, bool is_egress, const struct packet *p, enum reason reason)
{
	if (!reason)
		reason = cas_is_protected(p, is_egress) ? cas_check(ctx, is_egress, p)
							: PASS_UNPROTECTED;
	cas_count(is_egress, reason, p->frame_length);
	if (!is_drop(reason))
		return false;
	if (!cas_config_now()->monitor)
		return true;
	cas_count(is_egress, PASS_MONITORED, p->frame_length);
	return false;
}
