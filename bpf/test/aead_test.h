/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of AEADs have in common: a call, a message in map memory, and programs that take
 * the message from there or from the packet, which is a link header, additional data, text, tag.
 */
#pragma once

#include "../lib/aead_packet.h"
#include "only.h"
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

enum aead_function {
	AEAD_SEAL,
	AEAD_OPEN,
	AEAD_PREPARE, /* the key, where programs do that */
};

struct aead_call {
	enum aead_function function;
	enum aead_result result;
	__u64 aad_length;
	__u64 length;
	__u8 iv[AEAD_NONCE];
	__u32 process; /* the one whose system calls a tracepoint program looks at */
	__u64 counter;
};

/* Shared by all CPUs: a test is alone here. */
ONE_OF(struct aead_call, calls);
ONE_OF(struct aead_message, messages);

/* To the message, what the call says of it. */
INLINE void aead_begin(struct aead_message *message, struct aead_call *call)
{
	struct aead_nonce iv;

	__builtin_memcpy(&iv, call->iv, sizeof(iv));
	aead_nonce(&message->nonce, &iv, call->counter);
	message->aad_length = call->aad_length;
	message->length = call->length;
	call->result = AEAD_UNFIT;
}

/* The tag is in the packet only when it comes sealed. */
INLINE __u64 aead_incoming(const struct aead_call *call)
{
	return call->length + (call->function == AEAD_OPEN ? AEAD_TAG : 0);
}

INLINE __u64 aead_outgoing(const struct aead_call *call)
{
	return call->length + (call->function == AEAD_SEAL ? AEAD_TAG : 0);
}

/* Each test says what it is. */
INLINE int aead_run(const struct aead_call *call, void *work, struct aead_message *message);

INLINE int aead_xdp(struct xdp_md *ctx, void *work, struct aead_message *message)
{
	struct aead_call *call = only(&calls);
	__u64 aad, text;

	if (!call)
		return XDP_ABORTED;
	aad = call->aad_length;
	text = ETH_HLEN + aad;
	aead_begin(message, call);
	if (aead_load_aad_xdp(message, ctx, ETH_HLEN, aad) ||
	    aead_load_text_xdp(message, ctx, text, aead_incoming(call)))
		return XDP_ABORTED;
	call->result = aead_run(call, work, message);
	if (!call->result && aead_store_text_xdp(message, ctx, text, aead_outgoing(call)))
		return XDP_ABORTED;
	return XDP_PASS;
}

INLINE int aead_tc(struct __sk_buff *ctx, void *work, struct aead_message *message)
{
	struct aead_call *call = only(&calls);
	__u64 aad, text;

	if (!call)
		return TC_ACT_SHOT;
	aad = call->aad_length;
	text = ETH_HLEN + aad;
	aead_begin(message, call);
	if (aead_load_aad_skb(message, ctx, ETH_HLEN, aad) ||
	    aead_load_text_skb(message, ctx, text, aead_incoming(call)))
		return TC_ACT_SHOT;
	call->result = aead_run(call, work, message);
	if (!call->result && aead_store_text_skb(message, ctx, text, aead_outgoing(call), 0))
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}

INLINE int aead_memory(void *work)
{
	struct aead_message *message = only(&messages);
	struct aead_call *call = only(&calls);

	if (!call || !message)
		return 1;
	aead_begin(message, call);
	call->result = aead_run(call, work, message);
	return 0;
}
