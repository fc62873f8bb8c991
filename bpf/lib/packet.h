/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a frame to addresses and ports: Ethernet, up to two VLAN tags, IPv4 with options, IPv6 with
 * extension headers, TCP and UDP. A frame that cannot be judged (cut short, impossible, too deep)
 * is refused with its reason; never taken for harmless. The hook's header is included before this
 * one.
 *
 * XXX: Not seen, and so not judged: IPsec, IP in IP, GRE, VXLAN and other tunnels that end on this
 * host, PPPoE, MPLS.
 */
#pragma once

#include "common.h"
#include "drop.h"
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#define VLAN_TAGS_MAX	      2
#define EXTENSION_HEADERS_MAX 6
#define FRAGMENT_MORE	      0x2000
#define FRAGMENT_OFFSET	      0x1fff
#define FRAGMENT6_OFFSET      0xfff8
#define FRAGMENT6_MORE	      0x0001
#define TCP_FLAG_BYTE_SYN     0x02
#define TCP_FLAG_BYTE_ACK     0x10

/* An IPv6 address, or an IPv4 address as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2); network byte order. */
struct address {
	__u64 high;
	__u64 low;
};

#define L4_OFFSET_MAX 4096
#define SET_WORDS     1024

/* What a packet says. Plain numbers, so that it can go to any function and back. */
struct packet {
	struct address source;
	struct address destination;
	__u32 frame_length; /* of the whole frame, also where only its beginning is readable */
	__u32 l4_length;    /* header and payload, as the IP header has it */
	__u32 l3_offset;
	__u32 l4_offset;
	__u16 source_port;
	__u16 destination_port;
	__u8 version; /* 4 or 6 */
	__u8 protocol;
	__u8 tcp_flags;
	__u8 first_fragment;
	__u8 options; /* IPv4 options, or IPv6 extension headers */
	__u8 reserved[7];
};

/* Where the parser is. */
struct cursor {
	void *data;
	void *end;
	void *l3;
	void *l4;
};

struct vlan_header {
	__be16 tci;
	__be16 protocol;
};

struct extension_header {
	__u8 next;
	__u8 length; /* in units of 8 bytes, without the first; reserved in a fragment header */
	__be16 fragment;
	__be32 identification;
};

INLINE struct address address_from_ipv4(__be32 ip)
{
	struct address address = {
		.low = (__u64)ip << 32 | bpf_htonl(0x0000ffff),
	};

	return address;
}

/* In a set of 16-bit numbers, such as ports: a bit for each. */
INLINE bool set_has(const __u64 *words, __u16 number)
{
	return words[number >> 6] >> (number & 63) & 1;
}

INLINE bool is_vlan(__be16 protocol)
{
	return protocol == bpf_htons(ETH_P_8021Q) || protocol == bpf_htons(ETH_P_8021AD);
}

/* Leaves c->l3 behind Ethernet and VLAN headers, and the Ethernet protocol in *protocol. */
INLINE enum reason parse_ethernet(struct cursor *c, __be16 *protocol)
{
	struct ethhdr *eth = c->data;
	void *cursor = eth + 1;

	if (cursor > c->end)
		return DROP_TRUNCATED;
	*protocol = eth->h_proto;
#pragma unroll
	for (int i = 0; i < VLAN_TAGS_MAX; i++) {
		struct vlan_header *vlan = cursor;

		if (!is_vlan(*protocol))
			break;
		if ((void *)(vlan + 1) > c->end)
			return DROP_TRUNCATED;
		*protocol = vlan->protocol;
		cursor = vlan + 1;
	}
	if (is_vlan(*protocol))
		return DROP_VLAN_DEPTH;
	c->l3 = cursor;
	return REASON_NONE;
}

/* Whether bytes bytes from c->l3 on lie within the frame. */
INLINE bool within_frame(const struct cursor *c, const struct packet *p, __u32 bytes)
{
	return (__u64)(c->l3 - c->data) + bytes <= p->frame_length;
}

INLINE enum reason parse_ipv4(struct cursor *c, struct packet *p)
{
	struct iphdr *ip = c->l3;
	__u32 header_bytes, total;
	__u16 fragment;

	if ((void *)(ip + 1) > c->end)
		return DROP_TRUNCATED;
	header_bytes = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || header_bytes < sizeof(*ip) || total < header_bytes)
		return DROP_MALFORMED;
	if (!within_frame(c, p, total))
		return DROP_TRUNCATED;

	p->version = 4;
	p->protocol = ip->protocol;
	p->source = address_from_ipv4(ip->saddr);
	p->destination = address_from_ipv4(ip->daddr);
	p->options = header_bytes != sizeof(*ip);
	c->l4 = c->l3 + header_bytes;
	p->l4_length = total - header_bytes;

	fragment = bpf_ntohs(ip->frag_off);
	if (fragment & FRAGMENT_OFFSET)
		return PASS_LATER_FRAGMENT;
	p->first_fragment = (fragment & FRAGMENT_MORE) != 0;
	return REASON_NONE;
}

INLINE bool is_extension_header(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_FRAGMENT || protocol == IPPROTO_DSTOPTS;
}

/* Steps over one extension header at c->l4. */
INLINE enum reason skip_extension_header(struct cursor *c, struct packet *p)
{
	struct extension_header *header = c->l4;
	bool is_fragment = p->protocol == IPPROTO_FRAGMENT;
	__u32 bytes = 8;

	if ((void *)(header + 1) > c->end)
		return DROP_TRUNCATED;
	if (!is_fragment)
		bytes += header->length * 8;
	if (bytes > p->l4_length)
		return DROP_TRUNCATED;
	p->options = true;
	p->protocol = header->next;
	c->l4 += bytes;
	p->l4_length -= bytes;
	if (is_fragment && header->fragment & bpf_htons(FRAGMENT6_OFFSET))
		return PASS_LATER_FRAGMENT;
	if (is_fragment && header->fragment & bpf_htons(FRAGMENT6_MORE))
		p->first_fragment = true;
	return REASON_NONE;
}

INLINE enum reason parse_ipv6(struct cursor *c, struct packet *p)
{
	struct ipv6hdr *ip = c->l3;

	if ((void *)(ip + 1) > c->end)
		return DROP_TRUNCATED;
	p->l4_length = bpf_ntohs(ip->payload_len);
	if (ip->version != 6)
		return DROP_MALFORMED;
	if (!within_frame(c, p, sizeof(*ip) + p->l4_length))
		return DROP_TRUNCATED;

	p->version = 6;
	p->protocol = ip->nexthdr;
	__builtin_memcpy(&p->source, &ip->saddr, sizeof(p->source));
	__builtin_memcpy(&p->destination, &ip->daddr, sizeof(p->destination));
	c->l4 = ip + 1;
#pragma unroll
	for (int i = 0; i < EXTENSION_HEADERS_MAX; i++) {
		enum reason reason;

		if (!is_extension_header(p->protocol))
			return REASON_NONE;
		reason = skip_extension_header(c, p);
		if (reason)
			return reason;
	}
	return is_extension_header(p->protocol) ? DROP_EXTENSION_HEADERS : REASON_NONE;
}

INLINE enum reason parse_tcp(struct cursor *c, struct packet *p)
{
	struct tcphdr *tcp = c->l4;

	if (p->l4_length < sizeof(*tcp) || (void *)(tcp + 1) > c->end)
		return DROP_TRUNCATED;
	p->source_port = bpf_ntohs(tcp->source);
	p->destination_port = bpf_ntohs(tcp->dest);
	p->tcp_flags = ((__u8 *)tcp)[13];
	return REASON_NONE;
}

INLINE enum reason parse_udp(struct cursor *c, struct packet *p)
{
	struct udphdr *udp = c->l4;

	if (p->l4_length < sizeof(*udp) || (void *)(udp + 1) > c->end)
		return DROP_TRUNCATED;
	p->source_port = bpf_ntohs(udp->source);
	p->destination_port = bpf_ntohs(udp->dest);
	return REASON_NONE;
}

INLINE enum reason parse_layers(struct cursor *c, struct packet *p)
{
	__be16 protocol;
	enum reason reason = parse_ethernet(c, &protocol);

	if (reason)
		return reason;
	if (protocol == bpf_htons(ETH_P_IP))
		reason = parse_ipv4(c, p);
	else if (protocol == bpf_htons(ETH_P_IPV6))
		reason = parse_ipv6(c, p);
	else
		return PASS_NOT_IP;
	if (reason)
		return reason;
	if (p->protocol == IPPROTO_TCP)
		return parse_tcp(c, p);
	if (p->protocol == IPPROTO_UDP)
		return parse_udp(c, p);
	return PASS_OTHER_PROTOCOL;
}

/* As parse_packet(), of the frame at c->data, whose length is in p. */
INLINE enum reason parse_frame(struct cursor *c, struct packet *p)
{
	enum reason reason = parse_layers(c, p);

	if (reason)
		return reason;
	p->l3_offset = c->l3 - c->data;
	p->l4_offset = c->l4 - c->data;
	return p->l4_offset <= L4_OFFSET_MAX ? REASON_NONE : DROP_EXTENSION_HEADERS;
}

/*
 * Fills p, which the caller has zeroed, and returns an enum reason. REASON_NONE: TCP or UDP, with
 * ports. A fragment that begins a TCP segment but does not hold its whole header is refused as
 * truncated (RFC 1858). A global function, so that its many paths are verified once, and alone.
 */
NO_INLINE int parse_packet(hook_context *ctx, struct packet *p)
{
	struct cursor c;

	if (!p)
		return DROP_TRUNCATED;
	hook_pull(ctx);
	c.data = hook_data(ctx);
	c.end = hook_end(ctx);
	p->frame_length = hook_frame_length(ctx);
	return parse_frame(&c, p);
}
