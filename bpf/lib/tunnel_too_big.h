/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What does not fit the way to the peer: its sender hears, as if from the peer, how much would (RFC
 * 1191, RFC 8201). The message takes the place of the packet, and is smaller.
 */
#pragma once

#include "tunnel_outer.h"

#define TOO_BIG_QUOTE 512 /* bytes of the packet that are sent back */
#define TOO_BIG_LEAST 576 /* shorter packets always fit */

#define ICMP_ECHO_REPLY	      0
#define ICMP_UNREACHABLE      3
#define ICMP_ECHO_REQUEST     8
#define ICMP_FRAGMENT_NEEDED  4 /* a code */
#define ICMPV6_TOO_BIG	      2
#define ICMPV6_FIRST_QUESTION 128

/* Of both versions: in ICMPv4 the upper half of the MTU is unused. */
struct too_big_icmp {
	__u8 type;
	__u8 code;
	__u16 check;
	__u32 mtu;
};

struct too_big_ipv4 {
	__u16 before; /* so that what comes is aligned */
	struct ethhdr eth;
	struct iphdr ip;
	struct too_big_icmp icmp;
};

struct too_big_ipv6 {
	__u16 before;
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct too_big_icmp icmp;
};

/* Bytes of a packet inside that fit, with its padding. */
INLINE __u32 too_big_mtu(const struct tunnel_work *work)
{
	__u32 around = sizeof(struct udphdr) + sizeof(struct suite_header) + AEAD_TAG;

	around += endpoint_is_ipv4(&work->endpoint) ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	return work->hop.mtu > around ? (work->hop.mtu - around) & ~(TUNNEL_PADDING - 1) : 0;
}

/* Nobody hears of his errors (RFC 1122, 3.2.2), nor of what does not begin a packet. */
INLINE bool too_big_is_answered(const struct tunnel_inner *inner,
				const struct aead_message *message)
{
	__u64 at = inner->l4_offset;
	__u8 type;

	opaque(at);
	if (inner->length < TOO_BIG_LEAST || inner->is_later_fragment || at > IP_HEADER_MAX)
		return false;
	type = message->text[at];
	if (inner->version == 4 && inner->protocol == IPPROTO_ICMP)
		return type == ICMP_ECHO_REQUEST || type == ICMP_ECHO_REPLY;
	if (inner->version == 6 && inner->protocol == IPPROTO_ICMPV6)
		return type >= ICMPV6_FIRST_QUESTION;
	return true;
}

/* sum: of the pseudo header, where there is one. */
INLINE void too_big_checksum(struct too_big_icmp *icmp, const struct aead_message *message,
			     __s64 sum)
{
	sum = bpf_csum_diff(NULL, 0, (__be32 *)icmp, sizeof(*icmp), sum);
	sum = bpf_csum_diff(NULL, 0, (__be32 *)message->text, TOO_BIG_QUOTE, sum);
	icmp->check = outer_fold(sum);
}

INLINE long too_big_store_ipv4(struct __sk_buff *ctx, struct tunnel_work *work)
{
	struct too_big_ipv4 *packet = aead_before_text(&work->message, sizeof(*packet));
	const struct iphdr *given = (const struct iphdr *)work->message.text;
	__u32 bytes = sizeof(*packet) - sizeof(packet->before);
	struct iphdr *ip = &packet->ip;

	__builtin_memset(packet, 0, sizeof(*packet));
	device_ethernet(&packet->eth, ETH_P_IP);
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = bpf_htons(sizeof(*ip) + sizeof(packet->icmp) + TOO_BIG_QUOTE);
	ip->ttl = OUTER_TTL;
	ip->protocol = IPPROTO_ICMP;
	ip->saddr = given->daddr;
	ip->daddr = given->saddr;
	ip->check = outer_checksum_ipv4(ip);
	packet->icmp.type = ICMP_UNREACHABLE;
	packet->icmp.code = ICMP_FRAGMENT_NEEDED;
	packet->icmp.mtu = bpf_htonl(too_big_mtu(work));
	too_big_checksum(&packet->icmp, &work->message, 0);
	if (packet_reshape(ctx, ETH_P_IP, bytes + TOO_BIG_QUOTE))
		return -1;
	return aead_store_skb(&work->message, ctx, bytes, TOO_BIG_QUOTE, 0);
}

INLINE long too_big_store_ipv6(struct __sk_buff *ctx, struct tunnel_work *work)
{
	struct too_big_ipv6 *packet = aead_before_text(&work->message, sizeof(*packet));
	const struct ipv6hdr *given = (const struct ipv6hdr *)work->message.text;
	__u32 length = sizeof(packet->icmp) + TOO_BIG_QUOTE;
	__u32 bytes = sizeof(*packet) - sizeof(packet->before);
	struct ipv6hdr *ip = &packet->ip;
	__s64 sum;

	__builtin_memset(packet, 0, sizeof(*packet));
	device_ethernet(&packet->eth, ETH_P_IPV6);
	ip->version = 6;
	ip->payload_len = bpf_htons(length);
	ip->nexthdr = IPPROTO_ICMPV6;
	ip->hop_limit = OUTER_TTL;
	ip->saddr = given->daddr;
	ip->daddr = given->saddr;
	packet->icmp.type = ICMPV6_TOO_BIG;
	packet->icmp.mtu = bpf_htonl(too_big_mtu(work));
	sum = (__u64)bpf_htonl(length) + bpf_htonl(IPPROTO_ICMPV6);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = bpf_csum_diff(NULL, 0, (__be32 *)&ip->saddr, 32, sum);
	too_big_checksum(&packet->icmp, &work->message, sum);
	if (packet_reshape(ctx, ETH_P_IPV6, bytes + TOO_BIG_QUOTE))
		return -1;
	return aead_store_skb(&work->message, ctx, bytes, TOO_BIG_QUOTE, 0);
}

/* Returns 0 when the packet is now a message to its sender. */
NO_INLINE int too_big_answer(struct __sk_buff *ctx, struct tunnel_work *work)
{
	long error;

	if (!work || !too_big_is_answered(&work->inner, &work->message))
		return 1;
	error = work->inner.version == 4 ? too_big_store_ipv4(ctx, work)
					 : too_big_store_ipv6(ctx, work);
	return error ? 1 : 0;
}
