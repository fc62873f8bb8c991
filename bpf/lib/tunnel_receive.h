/* SPDX-License-Identifier: GPL-2.0-only */
/* The way in: from a UDP packet of a peer to the packet in it, which seems to come from the device.
 */
#pragma once

#include "tunnel_inner.h"
#include "tunnel_outer.h"

/* Not a reason: the packet is no data of a tunnel, and not for us to judge. */
#define TUNNEL_NOT_OURS -1

INLINE int tunnel_detour(struct __sk_buff *ctx)
{
	if (bpf_skb_store_bytes(ctx, 0, detour_mac, sizeof(detour_mac), 0))
		return TC_ACT_SHOT;
	return bpf_redirect(device_ifindex, 0);
}

/* Data for this port? The headers of UDP and of the suite are in work->wire then. */
NO_INLINE int receive_classify(struct __sk_buff *ctx, struct tunnel_work *work)
{
	struct packet *packet;
	__u32 at;

	if (!work)
		return DROP_TUNNEL_CIPHER;
	packet = &work->packet;
	__builtin_memset(packet, 0, sizeof(*packet));
	if (parse_packet(ctx, packet) || packet->protocol != IPPROTO_UDP ||
	    packet->destination_port != listen_port || packet->l3_offset != ETH_HLEN)
		return TUNNEL_NOT_OURS;
	at = packet->l4_offset;
	if (packet->l4_length < sizeof(work->wire) + AEAD_TAG || at > L4_OFFSET_MAX ||
	    bpf_skb_load_bytes(ctx, at, &work->wire, sizeof(work->wire)))
		return TUNNEL_NOT_OURS;
	return suite_header_type(&work->wire.header) == TUNNEL_DATA ? REASON_NONE : TUNNEL_NOT_OURS;
}

/* By which session; cheap checks, and the text is loaded. */
NO_INLINE int receive_prepare(struct __sk_buff *ctx, struct tunnel_work *work)
{
	struct tunnel_session *session;
	struct replay_window *window;
	__u32 index, *slot, at;
	__u64 length;

	if (!work)
		return DROP_TUNNEL_CIPHER;
	work->peer = ~0u;
	work->bytes = work->packet.l4_length - sizeof(struct udphdr);
	index = suite_header_receiver(&work->wire.header);
	slot = bpf_map_lookup_elem(&indices, &index);
	work->slot = slot ? *slot : 0;
	session = tunnel_session(work->slot);
	if (!session)
		return arrivals_are_anothers(ctx, &work->packet, ctx->ifindex) ? TUNNEL_NOT_OURS
									       : DROP_TUNNEL_INDEX;
	if (work->packet.first_fragment)
		return DROP_FRAGMENT;
	work->generation = __sync_fetch_and_add(&session->generation, 0);
	if (work->generation & 1 || session->local_index != index)
		return DROP_TUNNEL_INDEX;
	work->peer = session->peer;
	work->now_ns = bpf_ktime_get_boot_ns();
	if (work->now_ns - session->born_ns >= reject_after_ns)
		return DROP_SESSION_EXPIRED;
	work->counter = suite_header_counter(&work->wire.header);
	if (work->counter >= reject_after_count)
		return DROP_SESSION_EXPIRED;
	window = arrivals_window(work->slot);
	if (!window || replay_check(window, work->counter))
		return DROP_REPLAY;
	at = work->packet.l4_offset + sizeof(work->wire);
	length = work->packet.l4_length - sizeof(work->wire);
	if (at > 2 * L4_OFFSET_MAX || length > AEAD_TEXT_MAX ||
	    bpf_ntohs(work->wire.udp.len) != work->packet.l4_length ||
	    aead_load_text_skb(&work->message, ctx, at, length))
		return DROP_MALFORMED;
	work->message.length = length - AEAD_TAG;
	return REASON_NONE;
}

INLINE int receive_open(struct tunnel_work *work)
{
	struct tunnel_session *session = tunnel_session(work->slot);
	int result;

	if (!session)
		return DROP_TUNNEL_REPLACED;
	suite_message(&work->message, &work->wire.header, work->counter);
	result = suite_open(session, work->slot, work);
	if (result == AEAD_FORGED)
		return DROP_TUNNEL_FORGED;
	if (result == AEAD_EXHAUSTED)
		return DROP_SESSION_EXPIRED;
	return result == AEAD_DONE ? REASON_NONE : DROP_TUNNEL_CIPHER;
}

/* The first packet by a session that the peer began shows that he has its keys. */
INLINE void receive_confirm(struct tunnel_session *session, struct tunnel_peer *peer, __u32 slot)
{
	if (read_once(session->is_confirmed) ||
	    __sync_val_compare_and_swap(&session->is_confirmed, 0, 1))
		return;
	if (__sync_val_compare_and_swap(&peer->activity.next, slot, 0) == slot)
		write_once(peer->activity.current, slot);
}

/* The peer is where his last packet came from. */
INLINE void receive_roam(struct tunnel_peer *peer, const struct packet *packet)
{
	struct tunnel_endpoint here = {
		.remote = packet->source,
		.local = packet->destination,
		.port = packet->source_port,
	};
	const struct tunnel_endpoint *known = &peer->endpoint;

	if (peer->is_pinned && known->port)
		return;
	if (known->remote.low == here.remote.low && known->remote.high == here.remote.high &&
	    known->port == here.port && known->local.low == here.local.low &&
	    known->local.high == here.local.high)
		return;
	endpoint_write(peer, &here);
}

INLINE void receive_account(struct tunnel_work *work, struct tunnel_peer *peer)
{
	peer->activity.last_received_ns = work->now_ns;
	if (work->message.length)
		peer->activity.last_data_received_ns = work->now_ns;
	__sync_fetch_and_add(&peer->received_packets, 1);
	__sync_fetch_and_add(&peer->received_bytes, work->bytes);
}

/* It is authentic. Once only; and then the peer is there, and may say what is his to say. */
NO_INLINE int receive_accept(struct tunnel_work *work)
{
	struct tunnel_session *session;
	struct replay_window *window;
	struct tunnel_peer *peer;
	__u32 *index;
	int reason;

	if (!work)
		return DROP_TUNNEL_CIPHER;
	session = tunnel_session(work->slot);
	peer = tunnel_peer(work->peer);
	if (!session || !peer || __sync_fetch_and_add(&session->generation, 0) != work->generation)
		return DROP_TUNNEL_REPLACED;
	window = arrivals_window(work->slot);
	if (!window || replay_commit(window, work->counter))
		return DROP_REPLAY;
	receive_confirm(session, peer, work->slot);
	receive_roam(peer, &work->packet);
	receive_account(work, peer);
	work->inner.length = 0;
	if (!work->message.length)
		return REASON_NONE;
	reason = inner_parse(&work->inner, &work->message, work->message.length);
	if (reason)
		return reason;
	index = tunnel_allowed(&work->inner.source, work->inner.version);
	return index && *index == work->peer ? REASON_NONE : DROP_TUNNEL_SOURCE;
}

INLINE bool receive_was_congested(struct __sk_buff *ctx, const struct packet *packet)
{
	const __u8 *bytes = hook_data(ctx) + ETH_HLEN;

	if ((void *)(bytes + 2) > hook_end(ctx))
		return false;
	return (packet->version == 4 ? bytes[1] & ECN_MASK : bytes[1] >> 4 & ECN_MASK) == ECN_CE;
}

/*
 * Cut from the front first: where a checksum was left to a network card, its place is then before
 * the packet, and the kernel forgets about it when bytes are stored with the checksum recomputed.
 */
NO_INLINE int receive_store(struct __sk_buff *ctx, struct tunnel_work *work)
{
	__u16 protocol;
	__u64 length;
	int front;

	if (!work)
		return 1;
	if (receive_was_congested(ctx, &work->packet))
		inner_set_congested(&work->inner, &work->message);
	inner_clamp_mss(&work->inner, &work->message);
	length = work->inner.length;
	protocol = work->inner.version == 4 ? ETH_P_IP : ETH_P_IPV6;
	front = work->packet.l4_offset - ETH_HLEN + sizeof(work->wire);
	if (bpf_skb_adjust_room(ctx, -front, BPF_ADJ_ROOM_MAC, 0) ||
	    packet_reshape(ctx, protocol, ETH_HLEN + length))
		return 1;
	device_ethernet(aead_before_text(&work->message, ETH_HLEN), protocol);
	return aead_store_skb(&work->message, ctx, ETH_HLEN, length, BPF_F_RECOMPUTE_CSUM) ? 1 : 0;
}

INLINE int receive_drop(struct tunnel_work *work, int reason)
{
	struct tunnel_peer *peer = tunnel_peer(work->peer);

	count(reason, work->packet.frame_length);
	if (peer)
		tunnel_count_peer(peer, reason);
	return TC_ACT_SHOT;
}

/* What is larger than the device takes, since the peer's has another MTU, skips the device's queue.
 */
INLINE int receive_deliver(const struct tunnel_work *work)
{
	if (work->inner.length > device_mtu)
		return bpf_redirect(device_ifindex, BPF_F_INGRESS);
	return bpf_redirect(inside_ifindex, 0);
}

/* The packet was classified. */
INLINE int tunnel_receive(struct __sk_buff *ctx, struct tunnel_work *work)
{
	int reason = receive_prepare(ctx, work);

	if (reason == TUNNEL_NOT_OURS)
		return TC_ACT_UNSPEC;
	if (!reason)
		reason = receive_open(work);
	if (!reason)
		reason = receive_accept(work);
	if (reason)
		return receive_drop(work, reason);
	if (!work->inner.length)
		return TC_ACT_SHOT; /* a keepalive has done its work */
	if (receive_store(ctx, work))
		return receive_drop(work, DROP_TUNNEL_CIPHER);
	return receive_deliver(work);
}
