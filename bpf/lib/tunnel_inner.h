/* SPDX-License-Identifier: GPL-2.0-only */
/* The packet inside, in message.text. */
#pragma once

#include "tunnel_state.h"

/* Headers, and the bytes that are written after the end, lie within the text. */
#define TUNNEL_TEXT_MAX (AEAD_TEXT_MAX - 64)

#define ECN_MASK 3
#define ECN_CE	 3

INLINE int inner_ipv4(struct tunnel_inner *inner, const struct iphdr *ip)
{
	__u16 fragment = bpf_ntohs(ip->frag_off);

	if (ip->ihl < 5)
		return DROP_TUNNEL_INNER;
	inner->version = 4;
	inner->ecn = ip->tos & ECN_MASK;
	inner->length = bpf_ntohs(ip->tot_len);
	inner->source = address_from_ipv4(ip->saddr);
	inner->destination = address_from_ipv4(ip->daddr);
	inner->protocol = ip->protocol;
	inner->l4_offset = ip->ihl * 4;
	inner->is_later_fragment = (fragment & FRAGMENT_OFFSET) != 0;
	return inner->length < inner->l4_offset ? DROP_TUNNEL_INNER : REASON_NONE;
}

INLINE int inner_ipv6(struct tunnel_inner *inner, const struct ipv6hdr *ip)
{
	inner->version = 6;
	inner->ecn = ip->flow_lbl[0] >> 4 & ECN_MASK;
	inner->length = sizeof(*ip) + bpf_ntohs(ip->payload_len);
	__builtin_memcpy(&inner->source, &ip->saddr, sizeof(inner->source));
	__builtin_memcpy(&inner->destination, &ip->daddr, sizeof(inner->destination));
	inner->protocol = ip->nexthdr;
	inner->l4_offset = sizeof(*ip);
	inner->is_later_fragment = false;
	return REASON_NONE;
}

/* What the first available bytes of the text are; the packet may be shorter than that. */
NO_INLINE int inner_parse(struct tunnel_inner *inner, const struct aead_message *message,
			  __u64 available)
{
	int reason = DROP_TUNNEL_INNER;
	__u8 version;

	if (!inner || !message)
		return DROP_TUNNEL_INNER;
	version = message->text[0] >> 4;
	if (version == 4 && available >= sizeof(struct iphdr))
		reason = inner_ipv4(inner, (const struct iphdr *)message->text);
	else if (version == 6 && available >= sizeof(struct ipv6hdr))
		reason = inner_ipv6(inner, (const struct ipv6hdr *)message->text);
	if (reason)
		return reason;
	return inner->length <= available && inner->length <= TUNNEL_TEXT_MAX ? REASON_NONE
									      : DROP_TUNNEL_INNER;
}

/* The checksum after a 16-bit word of what it covers has changed (RFC 1624). */
INLINE __u16 inner_mend(__u16 checksum, __u16 before, __u16 after)
{
	__u32 sum = (__u16)~checksum + (__u16)~before + after;

	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16));
}

/* Congestion on the way, told to who can do something about it; where not, it was not asked for. */
INLINE void inner_set_congested(struct tunnel_inner *inner, struct aead_message *message)
{
	struct iphdr *ip = (struct iphdr *)message->text;
	__u16 *first = (__u16 *)message->text, before = *first;

	if (!inner->ecn)
		return;
	if (inner->version == 4) {
		ip->tos |= ECN_CE;
		ip->check = inner_mend(ip->check, before, *first);
	} else {
		message->text[1] |= ECN_CE << 4;
	}
}

#define TCP_OPTION_END	   0
#define TCP_OPTION_NOTHING 1
#define TCP_OPTION_MSS	   2
#define TCP_OPTIONS_MAX	   40
#define TCP_HEADER_MAX	   60
#define IP_HEADER_MAX	   60

struct mss_option {
	__u8 kind;
	__u8 length;
	__u8 high;
	__u8 low;
};

/* The checksum sees 16-bit words: bytes of one that begins at an odd place change sides. */
INLINE void mss_lower(struct tcphdr *tcp, struct mss_option *option, __u16 mss, bool is_odd)
{
	__u16 before = option->high << 8 | option->low, after = mss;

	if (before <= mss)
		return;
	option->high = mss >> 8;
	option->low = mss & 0xff;
	if (is_odd) {
		before = before << 8 | before >> 8;
		after = after << 8 | after >> 8;
	}
	tcp->check = inner_mend(tcp->check, bpf_htons(before), bpf_htons(after));
}

/*
 * One option of a SYN, at inner->option; where the next one is. 0: there is no other. Kept in
 * memory, of which the verifier knows nothing: so that each turn of the loop is like the last.
 */
INLINE __u32 mss_step(const struct tunnel_inner *inner, struct aead_message *message)
{
	__u64 at = inner->l4_offset, option_at = read_once(inner->option);
	struct mss_option *option;
	__u32 headers;

	opaque(at);
	opaque(option_at);
	if (at > IP_HEADER_MAX || option_at > IP_HEADER_MAX + TCP_HEADER_MAX ||
	    option_at + sizeof(*option) > inner->options_end)
		return 0;
	option = (struct mss_option *)(message->text + option_at);
	if (option->kind == TCP_OPTION_NOTHING)
		return option_at + 1;
	if (option->kind == TCP_OPTION_MSS && option->length == sizeof(*option)) {
		headers = sizeof(struct tcphdr) +
			  (inner->version == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr));
		mss_lower((struct tcphdr *)(message->text + at), option, device_mtu - headers,
			  (option_at - at) & 1);
		return 0;
	}
	if (option->kind == TCP_OPTION_END || option->length < 2)
		return 0;
	return option_at + option->length;
}

/* Returns 0. */
NO_INLINE int inner_clamp_mss_of_tcp(struct tunnel_inner *inner, struct aead_message *message)
{
	const struct tcphdr *tcp;
	__u64 at;

	if (!inner || !message)
		return 0;
	at = inner->l4_offset;
	if (at > IP_HEADER_MAX || at + sizeof(*tcp) > inner->length)
		return 0;
	tcp = (const struct tcphdr *)(message->text + at);
	inner->option = at + sizeof(*tcp);
	inner->options_end = at + tcp->doff * 4;
	if (!tcp->syn || inner->options_end > inner->length)
		return 0;
#pragma clang loop unroll(disable)
	for (int i = 0; i < TCP_OPTIONS_MAX; i++) {
		__u32 next = mss_step(inner, message);

		if (!next)
			break;
		write_once(inner->option, next);
	}
	return 0;
}

/*
 * Lowers the MSS of a SYN to what fits the device, as hosts behind a router may not hear how much
 * that is.
 */
INLINE void inner_clamp_mss(struct tunnel_inner *inner, struct aead_message *message)
{
	if (inner->protocol == IPPROTO_TCP && !inner->is_later_fragment)
		inner_clamp_mss_of_tcp(inner, message);
}
