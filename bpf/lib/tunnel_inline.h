/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inline: hosts that know nothing of the device. At the egress of an interface, what is for an
 * address of a peer's is led into the device, to be sealed there; at its ingress, what seems to
 * come from a peer in clear is dropped. Exempt is only what tunnels say to each other, and neighbor
 * discovery (RFC 4861), which does not leave the link. Tagged frames are of other networks.
 */
#pragma once

#include "tunnel_receive.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tunnel_work);
} divert_work SEC(".maps");

enum inline_direction {
	INLINE_OUT, /* the peer is the destination */
	INLINE_IN,
};

INLINE bool inline_is_of_peer_ipv4(struct __sk_buff *ctx, enum inline_direction direction)
{
	__u32 at = direction == INLINE_OUT ? 16 : 12;
	struct address address;
	__be32 ip;

	if (bpf_skb_load_bytes(ctx, ETH_HLEN + at, &ip, sizeof(ip)))
		return false;
	address = address_from_ipv4(ip);
	return tunnel_allowed(&address, 4);
}

INLINE bool inline_is_of_peer_ipv6(struct __sk_buff *ctx, enum inline_direction direction)
{
	__u32 at = direction == INLINE_OUT ? 24 : 8;
	struct address address;

	if (bpf_skb_load_bytes(ctx, ETH_HLEN + at, &address, sizeof(address)))
		return false;
	return tunnel_allowed(&address, 6);
}

INLINE bool inline_is_of_peer(struct __sk_buff *ctx, enum inline_direction direction)
{
	if (ctx->vlan_present)
		return false;
	if (ctx->protocol == bpf_htons(ETH_P_IP))
		return inline_is_of_peer_ipv4(ctx, direction);
	return ctx->protocol == bpf_htons(ETH_P_IPV6) && inline_is_of_peer_ipv6(ctx, direction);
}

#define ND_FIRST     133
#define ND_LAST	     137
#define ND_HOP_LIMIT 255 /* a router would have lowered it */

INLINE bool inline_is_discovery(struct __sk_buff *ctx)
{
	__u8 ip[2], type; /* next header and hop limit */

	if (ctx->protocol != bpf_htons(ETH_P_IPV6) ||
	    bpf_skb_load_bytes(ctx, ETH_HLEN + 6, ip, sizeof(ip)) ||
	    bpf_skb_load_bytes(ctx, ETH_HLEN + sizeof(struct ipv6hdr), &type, sizeof(type)))
		return false;
	return ip[0] == IPPROTO_ICMPV6 && ip[1] == ND_HOP_LIMIT && type >= ND_FIRST &&
	       type <= ND_LAST;
}

/* A message of the suite, from this tunnel's port or to it. */
NO_INLINE int inline_is_message(struct __sk_buff *ctx, struct tunnel_work *work, int direction)
{
	struct packet *packet;
	__u16 port;
	__u32 at;

	if (!work)
		return false;
	packet = &work->packet;
	__builtin_memset(packet, 0, sizeof(*packet));
	if (parse_packet(ctx, packet) || packet->protocol != IPPROTO_UDP || packet->first_fragment)
		return false;
	port = direction == INLINE_OUT ? packet->source_port : packet->destination_port;
	at = packet->l4_offset;
	if (port != listen_port || at > L4_OFFSET_MAX ||
	    bpf_skb_load_bytes(ctx, at, &work->wire, sizeof(work->wire)))
		return false;
	return suite_header_type(&work->wire.header) != 0;
}

/* The peer's in clear: dropped. */
INLINE int inline_receive(struct __sk_buff *ctx, struct tunnel_work *work)
{
	if (ctx->ifindex != inline_ifindex || !inline_is_of_peer(ctx, INLINE_IN) ||
	    inline_is_discovery(ctx) || inline_is_message(ctx, work, INLINE_IN))
		return TC_ACT_UNSPEC;
	count(DROP_TUNNEL_CLEAR, ctx->len);
	return TC_ACT_SHOT;
}

INLINE int tunnel_divert_run(struct __sk_buff *ctx)
{
	struct tunnel_work *work;
	__u32 zero = 0;

	if (!inline_is_of_peer(ctx, INLINE_OUT) || inline_is_discovery(ctx))
		return TC_ACT_UNSPEC;
	work = bpf_map_lookup_elem(&divert_work, &zero);
	if (!work)
		return TC_ACT_SHOT;
	if (inline_is_message(ctx, work, INLINE_OUT))
		return TC_ACT_UNSPEC;
	return bpf_redirect(device_ifindex, 0);
}
