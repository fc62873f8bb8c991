/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Around a sealed packet: the way to the peer, and IP and UDP headers. Outside, DSCP is 0, so that
 * it tells nothing of what is inside; ECN is copied (RFC 6040); IPv4 packets are not to be
 * fragmented, and their UDP checksum is 0 (RFC 768): the tag is the better one. IPv6 wants it.
 */
#pragma once

#include "aead_packet.h"
#include "tunnel_state.h"
#include <linux/if_packet.h>

/*
 * A packet of several (GSO, GRO) takes a detour by way of the device, which splits it: it comes out
 * at the other end, with this address, which nothing else has.
 */
static const __u8 detour_mac[ETH_ALEN] = {0x02, 0x63, 0x72, 0x79, 0x70, 0x74};

#define OUTER_TTL 64

struct outer_ipv4 {
	__u16 before; /* so that what comes is aligned */
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	struct suite_header header;
};

struct outer_ipv6 {
	__u16 before;
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct udphdr udp;
	struct suite_header header;
};

/* Of a packet that the device is to get. */
INLINE void device_ethernet(struct ethhdr *eth, __u16 protocol)
{
	for (int i = 0; i < ETH_ALEN; i++)
		eth->h_dest[i] = device_mac[i];
	__builtin_memcpy(eth->h_source, detour_mac, ETH_ALEN);
	eth->h_proto = bpf_htons(protocol);
}

INLINE bool endpoint_is_ipv4(const struct tunnel_endpoint *endpoint)
{
	return !endpoint->remote.high && (__u32)endpoint->remote.low == bpf_htonl(0x0000ffff);
}

/* Of the IP packet. */
INLINE __u32 outer_length(const struct tunnel_work *work)
{
	__u32 ip =
		endpoint_is_ipv4(&work->endpoint) ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);

	return ip + sizeof(struct udphdr) + work->bytes;
}

/*
 * Inline, the peer's address is both inside and outside: what the kernel has learnt of the way's
 * MTU is then about packets inside, and the interface alone tells what fits.
 */
INLINE bool outer_exceeds_interface(struct __sk_buff *ctx, struct tunnel_work *work, __u32 ifindex,
				    __u32 length)
{
	__u32 mtu = length;
	long result = bpf_check_mtu(ctx, ifindex, &mtu, 0, 0);

	work->hop.mtu = mtu;
	return result != BPF_MTU_CHK_RET_SUCCESS;
}

/* Between addresses of this host there is no route to ask for. */
INLINE int outer_loop(struct __sk_buff *ctx, struct tunnel_work *work, __u32 length)
{
	work->hop.ifindex = inline_ifindex;
	work->hop.family = 0;
	work->hop.is_resolved = true;
	return outer_exceeds_interface(ctx, work, inline_ifindex, length) ? DROP_TUNNEL_TOO_BIG
									  : REASON_NONE;
}

/*
 * As a packet that came in by the inside device would be forwarded: that one alone has forwarding
 * switched on for it. The next hop need not be resolved yet.
 */
NO_INLINE int outer_route(struct __sk_buff *ctx, struct tunnel_work *work)
{
	struct bpf_fib_lookup fib = {};
	__u32 length;
	long result;

	if (!work)
		return DROP_TUNNEL_NO_ROUTE;
	length = outer_length(work);
	if (inline_is_loopback)
		return outer_loop(ctx, work, length);
	fib.ifindex = inside_ifindex;
	fib.l4_protocol = IPPROTO_UDP;
	fib.sport = bpf_htons(listen_port);
	fib.dport = bpf_htons(work->endpoint.port);
	fib.tot_len = inline_ifindex ? 0 : length;
	if (endpoint_is_ipv4(&work->endpoint)) {
		fib.family = AF_INET;
		fib.ipv4_src = work->endpoint.local.low >> 32;
		fib.ipv4_dst = work->endpoint.remote.low >> 32;
	} else {
		fib.family = AF_INET6;
		__builtin_memcpy(fib.ipv6_src, &work->endpoint.local, sizeof(fib.ipv6_src));
		__builtin_memcpy(fib.ipv6_dst, &work->endpoint.remote, sizeof(fib.ipv6_dst));
	}
	result = bpf_fib_lookup(ctx, &fib, sizeof(fib), 0);
	work->hop.mtu = fib.mtu_result;
	if (result == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return DROP_TUNNEL_TOO_BIG;
	if (result != BPF_FIB_LKUP_RET_SUCCESS && result != BPF_FIB_LKUP_RET_NO_NEIGH)
		return DROP_TUNNEL_NO_ROUTE;
	if (inline_ifindex && outer_exceeds_interface(ctx, work, fib.ifindex, length))
		return DROP_TUNNEL_TOO_BIG;
	if (fib.ifindex == device_ifindex) /* or it would be sealed for ever */
		return DROP_TUNNEL_NO_ROUTE;
	work->hop.is_resolved = result == BPF_FIB_LKUP_RET_SUCCESS;
	work->hop.ifindex = fib.ifindex;
	work->hop.family = fib.family;
	__builtin_memcpy(work->hop.address, fib.ipv6_dst, sizeof(work->hop.address));
	return REASON_NONE;
}

/* The kernel has noted that it was for another host; a loopback interface does not look again. */
INLINE int outer_redirect(struct __sk_buff *ctx, const struct tunnel_hop *hop)
{
	struct bpf_redir_neigh neighbor = {.nh_family = hop->family};

	if (!hop->family)
		return bpf_skb_change_type(ctx, PACKET_HOST) ? TC_ACT_SHOT
							     : bpf_redirect(hop->ifindex, 0);
	__builtin_memcpy(neighbor.ipv6_nh, hop->address, sizeof(neighbor.ipv6_nh));
	return bpf_redirect_neigh(hop->ifindex, &neighbor, sizeof(neighbor), 0);
}

INLINE void outer_udp(struct udphdr *udp, const struct tunnel_work *work)
{
	udp->source = bpf_htons(listen_port);
	udp->dest = bpf_htons(work->endpoint.port);
	udp->len = bpf_htons(sizeof(*udp) + work->bytes);
	udp->check = 0;
}

INLINE __u16 outer_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Of a header without options, whose own is 0. */
INLINE __u16 outer_checksum_ipv4(const struct iphdr *ip)
{
	__u64 sum = bpf_htons(ip->version << 12 | ip->ihl << 8 | ip->tos) + ip->tot_len + ip->id +
		    ip->frag_off + bpf_htons(ip->ttl << 8 | ip->protocol);

	return outer_fold(sum + ip->saddr + ip->daddr);
}

/* The kernel puts the addresses in; what stands there before must not look like a group's to it. */
INLINE void outer_ethernet(struct ethhdr *eth, __u16 protocol)
{
	__builtin_memset(eth, 0, sizeof(*eth));
	eth->h_proto = bpf_htons(protocol);
}

INLINE void outer_ipv4(struct outer_ipv4 *outer, const struct tunnel_work *work)
{
	struct iphdr *ip = &outer->ip;

	outer_ethernet(&outer->eth, ETH_P_IP);
	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->tos = work->inner.ecn;
	ip->tot_len = bpf_htons(sizeof(*ip) + sizeof(outer->udp) + work->bytes);
	ip->frag_off = bpf_htons(0x4000);
	ip->ttl = OUTER_TTL;
	ip->protocol = IPPROTO_UDP;
	ip->saddr = work->endpoint.local.low >> 32;
	ip->daddr = work->endpoint.remote.low >> 32;
	ip->check = outer_checksum_ipv4(ip);
	outer_udp(&outer->udp, work);
}

INLINE void outer_ipv6(struct outer_ipv6 *outer, const struct tunnel_work *work)
{
	struct ipv6hdr *ip = &outer->ip;

	outer_ethernet(&outer->eth, ETH_P_IPV6);
	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = 6;
	ip->flow_lbl[0] = work->inner.ecn << 4;
	ip->payload_len = bpf_htons(sizeof(outer->udp) + work->bytes);
	ip->nexthdr = IPPROTO_UDP;
	ip->hop_limit = OUTER_TTL;
	__builtin_memcpy(&ip->saddr, &work->endpoint.local, sizeof(ip->saddr));
	__builtin_memcpy(&ip->daddr, &work->endpoint.remote, sizeof(ip->daddr));
	outer_udp(&outer->udp, work);
}

#define SUM_CHUNK 512 /* what bpf_csum_diff() takes at once */

/* Of the text with its tag. Zeros follow. */
INLINE __s64 outer_text_sum(const struct aead_message *message, __u64 length, __s64 sum)
{
#pragma clang loop unroll(disable)
	for (__u64 i = 0; i < AEAD_TEXT_MAX; i += SUM_CHUNK) {
		__u64 rest;

		opaque(i);
		if (i >= length)
			break;
		rest = (length - i + 3) & ~3ULL;
		if (rest > SUM_CHUNK)
			rest = SUM_CHUNK;
		opaque(rest);
		if (rest > SUM_CHUNK)
			break;
		sum = bpf_csum_diff(NULL, 0, (__be32 *)(message->text + i), rest, sum);
	}
	return sum;
}

/* A sum of 0 is written as 0xffff (RFC 8200, 8.1). */
INLINE void outer_checksum(struct outer_ipv6 *outer, struct tunnel_work *work)
{
	__u32 length = sizeof(outer->udp) + work->bytes;
	__s64 sum = bpf_htonl(length) + (__u64)bpf_htonl(IPPROTO_UDP);

	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = bpf_csum_diff(NULL, 0, (__be32 *)&outer->ip.saddr, 32, sum);
	sum = bpf_csum_diff(NULL, 0, (__be32 *)&outer->udp,
			    sizeof(outer->udp) + sizeof(outer->header), sum);
	sum = outer_text_sum(&work->message, work->bytes - sizeof(outer->header), sum);
	outer->udp.check = outer_fold(sum);
	if (!outer->udp.check)
		outer->udp.check = 0xffff;
}

/*
 * Makes the packet, of whatever it was, one of length bytes and of this family; the protocol that
 * the kernel has noted of it is only changed by a helper that makes room for the other header.
 */
INLINE long packet_reshape(struct __sk_buff *ctx, __u16 protocol, __u32 length)
{
	if (ctx->protocol != bpf_htons(protocol) &&
	    bpf_skb_change_proto(ctx, bpf_htons(protocol), 0))
		return -1;
	return bpf_skb_change_tail(ctx, length, 0);
}

INLINE long outer_store_ipv4(struct __sk_buff *ctx, struct tunnel_work *work)
{
	struct outer_ipv4 *outer = aead_before_text(&work->message, sizeof(*outer));
	__u32 bytes = sizeof(*outer) - sizeof(outer->before);
	__u32 text = work->bytes - sizeof(outer->header);

	outer_ipv4(outer, work);
	outer->header = work->wire.header;
	if (packet_reshape(ctx, ETH_P_IP, bytes + text))
		return -1;
	return aead_store_skb(&work->message, ctx, bytes, text, 0);
}

INLINE long outer_store_ipv6(struct __sk_buff *ctx, struct tunnel_work *work)
{
	struct outer_ipv6 *outer = aead_before_text(&work->message, sizeof(*outer));
	__u32 bytes = sizeof(*outer) - sizeof(outer->before);
	__u32 text = work->bytes - sizeof(outer->header);

	outer_ipv6(outer, work);
	outer->header = work->wire.header;
	outer_checksum(outer, work);
	if (packet_reshape(ctx, ETH_P_IPV6, bytes + text))
		return -1;
	return aead_store_skb(&work->message, ctx, bytes, text, 0);
}

/* Puts what was sealed into the packet. Returns 0. */
NO_INLINE int outer_store(struct __sk_buff *ctx, struct tunnel_work *work)
{
	long error;

	if (!work)
		return 1;
	error = endpoint_is_ipv4(&work->endpoint) ? outer_store_ipv4(ctx, work)
						  : outer_store_ipv6(ctx, work);
	return error ? 1 : 0;
}
