/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets to protected ports: who may pass. */
#pragma once

#include "gate_state.h"

INLINE enum reason gate_check_admission(struct gate *g)
{
	const struct packet *p = &g->packet;
	struct address prefix = g->prefix; /* 6.1 takes keys from the stack, not from an argument */
	struct gate_admission *admission = bpf_map_lookup_elem(&admitted, &prefix);
	enum reason reason;

	if (!admission)
		return DROP_NOT_ADMITTED;
	if (read_once(admission->expires_ns) <= g->now_ns)
		return DROP_ADMISSION_EXPIRED;
	reason = grant_check(g);
	if (reason)
		return reason;
	if (p->protocol == IPPROTO_TCP &&
	    (p->tcp_flags & (TCP_FLAG_BYTE_SYN | TCP_FLAG_BYTE_ACK)) == TCP_FLAG_BYTE_SYN &&
	    !token_take(&admission->syn_bucket, &config_of(g)->syn_rate, g->now_ns))
		return DROP_SYN_LIMITED;
	if (!token_take(&admission->packet_bucket, &config_of(g)->packet_rate, g->now_ns))
		return DROP_RATE_LIMITED;
	return PASS_ADMITTED;
}

#ifdef GATE_JUDGES_UDP
/* A feature whose UDP packets carry their own evidence says what becomes of one. */
INLINE enum reason judge_udp(hook_context *ctx, struct gate *g);
#endif

INLINE enum reason gate_judge_traffic(hook_context *ctx, struct gate *g)
{
	__u32 verdict;

	if (config_of(g)->confirm_by_ns && g->now_ns > config_of(g)->confirm_by_ns)
		return PASS_UNCONFIRMED;
	if (g->packet.first_fragment)
		return DROP_FRAGMENT;
	if (!is_host_address(&g->packet, &g->packet.source))
		return DROP_ADDRESS;
	verdict = list_verdict(g);
	if (verdict == LIST_DENY)
		return DROP_DENIED;
	if (verdict == LIST_ALLOW)
		return PASS_ALLOWED;
#ifdef GATE_JUDGES_UDP
	if (g->packet.protocol == IPPROTO_UDP)
		return judge_udp(ctx, g);
#endif
	return gate_check_admission(g);
}
