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

/* Ones' complement sum of 16-bit words, from two such sums. */
INLINE __u16 sum_add(__u16 a, __u32 b)
{
	__u32 sum = a + (b & 0xffff) + (b >> 16);

	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* The checksum after a word of what it covers has changed. */
INLINE __u16 checksum_mend(__u16 checksum, __u16 before, __u16 after)
{
	return ~sum_add(sum_add(~checksum, (__u16)~before), after);
}

INLINE void strip_ipv4(struct iphdr *ip, __u32 bytes)
{
	__be16 length = bpf_htons(bpf_ntohs(ip->tot_len) - bytes);

	ip->check = checksum_mend(ip->check, ip->tot_len, length);
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
		check = checksum_mend(check, sum, 0);
		check = checksum_mend(check, udp->len, length);
		check = checksum_mend(check, udp->len, length);
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
