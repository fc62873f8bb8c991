/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tunnel's programs, at TC. Packets that are routed into the device come out at its other end,
 * inside, with offloads done and too large ones split, and are sealed there; what a peer sent is
 * opened where it comes in, on any interface.
 */
#pragma once

#include "tunnel_control.h"
#include "tunnel_inline.h"
#include "tunnel_receive.h"
#include "tunnel_send.h"
#include <linux/if_packet.h>

INLINE struct tunnel_work *tunnel_work(void *map)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(map, &zero);
}

INLINE bool tunnel_is_detour(struct __sk_buff *ctx)
{
	const struct ethhdr *eth = hook_data(ctx);

	return (void *)(eth + 1) <= hook_end(ctx) &&
	       !__builtin_memcmp(eth->h_dest, detour_mac, sizeof(eth->h_dest));
}

/* Nothing that is not sealed gets any further: what cannot be is dropped. */
INLINE int tunnel_inside_run(struct __sk_buff *ctx)
{
	struct tunnel_work *work = tunnel_work(&inside_work);

	if (!work)
		return TC_ACT_SHOT;
	if (tunnel_is_detour(ctx))
		return receive_classify(ctx, work) ? TC_ACT_SHOT : tunnel_receive(ctx, work);
	return tunnel_send(ctx, work);
}

INLINE int tunnel_underlay_run(struct __sk_buff *ctx)
{
	struct tunnel_work *work = tunnel_work(&underlay_work);

	if (!work)
		return TC_ACT_UNSPEC;
	if (ctx->pkt_type == PACKET_OTHERHOST || ctx->vlan_present)
		return TC_ACT_UNSPEC;
	if (receive_classify(ctx, work))
		return inline_receive(ctx, work);
	if (ctx->gso_size)
		return tunnel_detour(ctx);
	return tunnel_receive(ctx, work);
}
