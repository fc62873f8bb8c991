// SPDX-License-Identifier: GPL-2.0-only
/*
 * Content-addressed packets: a UDP packet reaches a protected port, or leaves for one, when it is
 * what its id says: content that hashes to it, or a chunk whose path leads to the root that the id
 * commits to. XDP for what comes in, TC egress for what leaves. Minimum kernel: 6.1; no kfuncs.
 *
 * XXX: At egress, later fragments pass, useless without their first one, which is refused. Packets
 * that do not go by a queueing discipline are not seen: AF_PACKET with PACKET_QDISC_BYPASS, AF_XDP.
 */
#include "lib/common.h"
#include "lib/hook_xdp.h"
#include "lib/cas_report.h"
#include <linux/pkt_cls.h>

#define EGRESS_PULL_BYTES  512
#define DATAGRAM_FRAME_MAX (65535 + 40 + 22) /* IPv6, Ethernet, two VLAN tags */

char _license[] SEC("license") = "GPL";

SEC("xdp")
int cas_ingress(struct xdp_md *ctx)
{
	struct packet p = {};
	enum reason reason = parse_packet(ctx, &p);

	return cas_refuses(ctx, false, &p, reason) ? XDP_DROP : hook_pass(ctx, CHAIN_CAS);
}

/* As parse_packet(), for the other hook. */
NO_INLINE int parse_leaving(struct __sk_buff *ctx, struct packet *p)
{
	__u32 linear = ctx->data_end - ctx->data;
	struct cursor c;

	if (!p)
		return DROP_TRUNCATED;
	p->frame_length = ctx->len;
	if (ctx->len > DATAGRAM_FRAME_MAX)
		return PASS_OTHER_PROTOCOL; /* TCP that the card cuts (BIG TCP) */
	if (linear < EGRESS_PULL_BYTES && linear < ctx->len)
		bpf_skb_pull_data(ctx, ctx->len < EGRESS_PULL_BYTES ? ctx->len : EGRESS_PULL_BYTES);
	c.data = (void *)(long)ctx->data;
	c.end = (void *)(long)ctx->data_end;
	return parse_frame(&c, p);
}

SEC("tc")
int cas_egress(struct __sk_buff *ctx)
{
	struct packet p = {};
	enum reason reason = parse_leaving(ctx, &p);

	return cas_refuses(ctx, true, &p, reason) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}
