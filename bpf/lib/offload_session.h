/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets of sessions: the body sealed by ChaCha20-Poly1305, the head as additional data. The nonce
 * is of what makes a packet unique under its key: type, detail, segment and counter.
 */
#pragma once

#include "offload_text.h"

/* Head, body and what comes behind it where the cipher wants them. */
INLINE void offload_session_begin(struct offload_work *work, __u32 body, __u32 tag)
{
	const struct offload_head *head = (const struct offload_head *)work->message.bytes;
	struct aead_message *m = &work->gcm.message;

	m->nonce.w[0] = bpf_htonl(head->type << 24 | head->detail << 16 | bpf_ntohs(head->segment));
	m->nonce.w[1] = head->counter;
	m->nonce.w[2] = head->counter >> 32;
	m->aad_length = OFFLOAD_HEAD_BYTES;
	m->length = body;
	offload_copy(work, 0, true, OFFLOAD_HEAD_BYTES);
	offload_copy(work, OFFLOAD_HEAD_BYTES, false, body + tag);
}

/* Decrypts the request where it is. Returns 0; 1: it is not of this session, and is as it came. */
NO_INLINE int offload_session_open(struct offload_work *work)
{
	struct offload_client *client;
	__u32 id;

	if (!work)
		return 1;
	id = work->head.client;
	client = bpf_map_lookup_elem(&clients, &id);
	if (!client)
		return 1;
	offload_session_begin(work, work->body_bytes, AEAD_TAG);
	if (chacha20poly1305_open(&work->session, &client->sealed_request, &work->gcm.message))
		return 1;
	return offload_copy_back(work, OFFLOAD_HEAD_BYTES, work->body_bytes);
}

/* Encrypts the answer where it is, so many bytes, and puts its tag behind them. Returns 0, or 1. */
NO_INLINE int offload_session_seal(struct offload_work *work, __u32 body)
{
	struct offload_client *client;
	__u32 id;

	if (!work || body > OFFLOAD_BODY_MAX)
		return 1;
	id = work->head.client;
	client = bpf_map_lookup_elem(&clients, &id);
	if (!client)
		return 1;
	offload_session_begin(work, body, 0);
	if (chacha20poly1305_seal(&work->session, &client->sealed_reply, &work->gcm.message))
		return 1;
	return offload_copy_back(work, OFFLOAD_HEAD_BYTES, body + AEAD_TAG);
}
