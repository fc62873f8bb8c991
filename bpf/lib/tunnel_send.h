/* SPDX-License-Identifier: GPL-2.0-only */
/* The way out: from a packet that was routed into the device to a UDP packet for the peer. */
#pragma once

#include "tunnel_inner.h"
#include "tunnel_outer.h"
#include "tunnel_too_big.h"

/* A packet that was not sent for want of a session goes to the controller, if there is room. */
INLINE void send_hold(struct __sk_buff *ctx, const struct tunnel_work *work)
{
	__u64 length = work->inner.length, last;
	struct tunnel_held *record;

	if (!length || length > TUNNEL_HELD_MAX)
		return;
	record = bpf_ringbuf_reserve(&held, sizeof(*record), 0);
	if (!record)
		return;
	record->peer = work->peer;
	record->length = length;
	last = length - 1;
	opaque(last);
	if (last >= TUNNEL_HELD_MAX || bpf_skb_load_bytes(ctx, ETH_HLEN, record->packet, last + 1))
		record->length = 0;
	bpf_ringbuf_submit(record, 0);
}

INLINE int send_load(struct __sk_buff *ctx, struct tunnel_work *work)
{
	__u64 length = ctx->len - ETH_HLEN;
	int reason;

	if (ctx->len <= ETH_HLEN || ctx->gso_size || length > TUNNEL_TEXT_MAX ||
	    aead_load_text_skb(&work->message, ctx, ETH_HLEN, length))
		return DROP_TUNNEL_INNER;
	reason = inner_parse(&work->inner, &work->message, length);
	if (!reason)
		inner_clamp_mss(&work->inner, &work->message);
	return reason;
}

/* With zeros up to a multiple of 16, as far as that is within the MTU. */
INLINE __u32 padded_length(__u32 length)
{
	__u32 padded = (length + TUNNEL_PADDING - 1) & ~(TUNNEL_PADDING - 1);

	if (padded > device_mtu)
		padded = length > device_mtu ? length : device_mtu;
	return padded;
}

INLINE void send_pad(struct tunnel_work *work)
{
	__u64 length = work->inner.length;

	opaque(length);
	if (length <= TUNNEL_TEXT_MAX)
		__builtin_memset(work->message.text + length, 0, TUNNEL_PADDING);
	work->message.length = padded_length(work->inner.length);
}

#define WAY_NS (10 * 1000 * 1000) /* for so long a change of routes may not be seen */

INLINE bool send_knows_way(const struct tunnel_work *work, const struct tunnel_peer *peer)
{
	const struct tunnel_way *way = &work->way;

	return way->peer == work->peer && work->now_ns < way->until_ns &&
	       way->endpoint_version == read_once(peer->endpoint_version);
}

/* Asking for the way takes as long as sealing 64 bytes: not for each packet of a stream. */
INLINE int send_find_way(struct __sk_buff *ctx, struct tunnel_work *work, struct tunnel_peer *peer)
{
	struct tunnel_way *way = &work->way;
	int reason;

	if (send_knows_way(work, peer))
		return outer_length(work) > work->hop.mtu ? DROP_TUNNEL_TOO_BIG : REASON_NONE;
	way->until_ns = 0;
	if (!endpoint_read(&work->endpoint, peer, &way->endpoint_version) || !work->endpoint.port)
		return DROP_TUNNEL_NO_ENDPOINT;
	reason = outer_route(ctx, work);
	if (!reason && work->hop.is_resolved) {
		way->peer = work->peer;
		way->until_ns = work->now_ns + WAY_NS;
	}
	return reason;
}

/* Whom it is for, where that is, and by which session; nothing is used up yet. */
NO_INLINE int send_prepare(struct __sk_buff *ctx, struct tunnel_work *work)
{
	struct tunnel_session *session;
	struct tunnel_peer *peer;
	__u32 *index;
	int reason;

	if (!work)
		return DROP_TUNNEL_NO_PEER;
	work->peer = ~0u;
	reason = send_load(ctx, work);
	if (reason)
		return reason;
	index = tunnel_allowed(&work->inner.destination, work->inner.version);
	peer = index ? tunnel_peer(*index) : NULL;
	if (!index || !peer)
		return DROP_TUNNEL_NO_PEER;
	work->peer = *index;
	work->now_ns = bpf_ktime_get_boot_ns();
	work->slot = read_once(peer->activity.current);
	session = tunnel_session(work->slot);
	reason = session ? session_is_usable(session, work->now_ns) : DROP_TUNNEL_NO_SESSION;
	if (reason || !session) {
		peer->activity.last_wanted_ns = work->now_ns;
		send_hold(ctx, work);
		return reason;
	}
	work->generation = read_once(session->generation);
	send_pad(work);
	work->bytes = sizeof(struct suite_header) + work->message.length + AEAD_TAG;
	return send_find_way(ctx, work, peer);
}

/*
 * The counter is taken before the keys are used, and the generation compared after: were the slot
 * given to another session in between, the counter would be one of the old session, and the key
 * perhaps of the new one. Such a packet does not leave.
 */
INLINE int send_seal(struct tunnel_work *work)
{
	struct tunnel_session *session = tunnel_session(work->slot);
	int result;

	if (!session || work->generation & 1)
		return DROP_TUNNEL_REPLACED;
	work->counter = __sync_fetch_and_add(&session->sent, 1);
	suite_header_write(&work->wire.header, session->remote_index, work->counter);
	suite_message(&work->message, &work->wire.header, work->counter);
	result = suite_seal(session, work->slot, work);
	if (result == AEAD_EXHAUSTED)
		return DROP_SESSION_EXPIRED;
	if (result != AEAD_DONE)
		return DROP_TUNNEL_CIPHER;
	if (__sync_fetch_and_add(&session->generation, 0) != work->generation)
		return DROP_TUNNEL_REPLACED;
	return REASON_NONE;
}

INLINE void send_zeros_after(struct tunnel_work *work)
{
	__u64 end = work->message.length + AEAD_TAG;

	opaque(end);
	if (end <= AEAD_TEXT_MAX)
		*(__u32 *)(work->message.text + end) = 0;
}

INLINE void send_account(struct tunnel_work *work, int reason)
{
	struct tunnel_peer *peer = tunnel_peer(work->peer);

	if (reason)
		count(reason, work->inner.length);
	if (!peer)
		return;
	if (reason) {
		tunnel_count_peer(peer, reason);
		return;
	}
	peer->activity.last_counter = work->counter;
	peer_sent(peer, work->now_ns, work->inner.length, work->bytes);
}

INLINE int tunnel_send(struct __sk_buff *ctx, struct tunnel_work *work)
{
	int reason = send_prepare(ctx, work);

	if (!reason)
		reason = send_seal(work);
	if (!reason) {
		send_zeros_after(work);
		if (outer_store(ctx, work))
			reason = DROP_TUNNEL_CIPHER;
	}
	send_account(work, reason);
	if (reason == DROP_TUNNEL_TOO_BIG && !too_big_answer(ctx, work))
		return bpf_redirect(inside_ifindex, 0);
	if (reason)
		return TC_ACT_SHOT;
	ctx->mark = 0;
	return outer_redirect(ctx, &work->hop);
}
