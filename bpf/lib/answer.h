/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Turning a request into its answer, in place: the peer's addresses and ports become ours and the
 * other way round; the payload was rewritten by the caller and keeps its length. The packet has no
 * IPv4 options and no IPv6 extension headers.
 */
#pragma once

#include "common.h"
#include "packet.h"

#define ANSWER_TTL 64

INLINE __u16 csum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

INLINE void swap_mac(struct ethhdr *eth)
{
	__u8 mac[ETH_ALEN];

	__builtin_memcpy(mac, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, mac, ETH_ALEN);
}

INLINE void swap_ports(struct udphdr *udp)
{
	__be16 port = udp->source;

	udp->source = udp->dest;
	udp->dest = port;
}

INLINE void swap_ipv4(struct iphdr *ip)
{
	__be32 address = ip->saddr;

	ip->saddr = ip->daddr;
	ip->daddr = address;
	ip->ttl = ANSWER_TTL;
	ip->check = 0;
	ip->check = csum_fold(bpf_csum_diff(NULL, 0, (__be32 *)ip, sizeof(*ip), 0));
}

INLINE void swap_ipv6(struct ipv6hdr *ip)
{
	struct in6_addr address = ip->saddr;

	ip->saddr = ip->daddr;
	ip->daddr = address;
	ip->hop_limit = ANSWER_TTL;
}

/*
 * The sum over addresses, protocol and length (RFC 768, RFC 8200 8.1). An IPv4 address in IPv6 form
 * adds 0xffff, which is 0 in ones' complement: one sum serves both.
 */
INLINE __u32 pseudo_header_sum(const struct packet *p)
{
	__u64 sum = 0;

	sum += (p->source.high & 0xffffffff) + (p->source.high >> 32);
	sum += (p->source.low & 0xffffffff) + (p->source.low >> 32);
	sum += (p->destination.high & 0xffffffff) + (p->destination.high >> 32);
	sum += (p->destination.low & 0xffffffff) + (p->destination.low >> 32);
	sum += (__u64)bpf_htonl(p->l4_length) + bpf_htonl(IPPROTO_UDP);
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (sum & 0xffffffff) + (sum >> 32);
}

/* A UDP packet that is being answered: where its parts are. */
struct answer {
	struct ethhdr *eth;
	void *l3;
	struct udphdr *udp;
};

/* False when the headers are not where the parser saw them. Offsets are bounded for the verifier.
 */
INLINE bool answer_locate(hook_context *ctx, const struct packet *p, struct answer *a)
{
	__u32 l3 = p->l3_offset, l4 = p->l4_offset;
	void *data = hook_data(ctx), *end = hook_end(ctx);

	if (l3 > L4_OFFSET_MAX || l4 > L4_OFFSET_MAX)
		return false;
	a->eth = data;
	a->l3 = data + l3;
	a->udp = data + l4;
	return (void *)(a->eth + 1) <= end && a->l3 + sizeof(struct ipv6hdr) <= end &&
	       (void *)(a->udp + 1) <= end;
}

INLINE void swap_ends(const struct answer *a, const struct packet *p)
{
	swap_mac(a->eth);
	swap_ports(a->udp);
	if (p->version == 4)
		swap_ipv4(a->l3);
	else
		swap_ipv6(a->l3);
}

/*
 * Makes the UDP checksum fit a payload of bytes bytes (a constant). old_sum: the payload's sum
 * before it was rewritten, subtracted from 0; needed where the hook keeps the checksum by
 * difference.
 */
INLINE bool answer_checksum(hook_context *ctx, const struct answer *a, const struct packet *p,
			    __u32 bytes, __u32 old_sum)
{
	__u32 offset = p->l4_offset + __builtin_offsetof(struct udphdr, check);
	__u32 length = sizeof(struct udphdr) + bytes;
	__be32 *payload = (__be32 *)(a->udp + 1);
	__s64 sum;

	if ((void *)a->udp + length > hook_end(ctx))
		return false;
	if (!HOOK_CHECKSUM_WHOLE) {
		sum = bpf_csum_diff(NULL, 0, payload, bytes, old_sum);
		return sum >= 0 && !hook_checksum_add(ctx, offset, sum);
	}
	a->udp->check = 0;
	sum = bpf_csum_diff(NULL, 0, (__be32 *)a->udp, length, pseudo_header_sum(p));
	if (sum < 0)
		return false;
	a->udp->check = csum_fold(sum);
	if (!a->udp->check)
		a->udp->check = 0xffff;
	return true;
}
