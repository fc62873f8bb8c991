/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cuts bytes off the end of a UDP packet, which stays one that its receiver takes: lengths, and
 * checksums by difference (RFC 1624), so that damage done on the way can still be seen.
 *
 * XXX: A packet of a sender on the same host, through veth, may have a checksum that is left to a
 * network card. There is no way to tell; receivers on the same host do not look at it.
 */
#pragma once

#include "answer.h"

/* The difference that a word makes to the sum when it becomes another. */
INLINE __u32 sum_change(__u16 before, __u16 after)
{
	return (__u16)~before + (__u32)after;
}

/* The checksum after what it covers has changed: up to 65535 words of it, added up. */
INLINE __u16 checksum_mend(__u16 checksum, __u32 changes)
{
	__u32 sum = (__u16)~checksum + (changes & 0xffff) + (changes >> 16);

	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16));
}

INLINE void strip_ipv4(struct iphdr *ip, __u32 bytes)
{
	__be16 length = bpf_htons(bpf_ntohs(ip->tot_len) - bytes);

	ip->check = checksum_mend(ip->check, sum_change(ip->tot_len, length));
	ip->tot_len = length;
}

INLINE void strip_ipv6(struct ipv6hdr *ip, __u32 bytes)
{
	ip->payload_len = bpf_htons(bpf_ntohs(ip->payload_len) - bytes);
}

/* sum: of the bytes that go. The length counts twice, in the header and in the pseudo header. */
INLINE void strip_udp(struct udphdr *udp, __u32 bytes, __u16 sum)
{
	__be16 length = bpf_htons(bpf_ntohs(udp->len) - bytes);
	__u16 check = udp->check;

	if (check) {
		check = checksum_mend(check, sum_change(sum, 0) + 2 * sum_change(udp->len, length));
		udp->check = check ? check : 0xffff;
	}
	udp->len = length;
}

/*
 * bytes: how many, no more than the UDP payload has; sum: their ones' complement sum where they
 * lie. Ends the frame with the IP packet. False: it cannot be done, the packet is no good any more.
 */
INLINE bool strip_end(struct xdp_md *ctx, const struct packet *p, __u32 bytes, __u16 sum)
{
	__u32 length = p->l4_offset + p->l4_length - bytes;
	struct answer a;

	if (!answer_locate(ctx, p, &a))
		return false;
	strip_udp(a.udp, bytes, sum);
	if (p->version == 4)
		strip_ipv4(a.l3, bytes);
	else
		strip_ipv6(a.l3, bytes);
	return !bpf_xdp_adjust_tail(ctx, (int)length - (int)p->frame_length);
}
