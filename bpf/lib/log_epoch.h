/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the controller does to streams, of any CPU: heartbeats, and the change of epochs. An epoch
 * of a stream ends with a record that says so; its keys, and what was worked out of them, are
 * overwritten before the next one begins.
 */
#pragma once

#include "seal.h"

enum log_operation {
	LOG_DO_BEAT,
	LOG_DO_CLOSE,
	LOG_DO_SWITCH, /* closes what is open, and takes the key that waits */
};

enum log_operation unused_log_operation __attribute__((unused));

struct log_call {
	__u32 stream;
	__u32 operation;
};

struct log_call *unused_log_call __attribute__((unused));

INLINE int log_seal_mark(struct log_stream *stream, enum log_type type)
{
	struct log_prefix *prefix = log_prefix_of(stream);

	prefix->type = type;
	prefix->length = 0;
	return log_seal(stream);
}

/* The key, and the stream that the last message was encrypted with. */
NO_INLINE int log_forget_aes(struct log_aes *aes)
{
	__u64 *words = (__u64 *)aes;

	if (!aes)
		return 1;
	for (__u64 i = 0; i < sizeof(*aes) / 8; i++) {
		opaque(i);
		words[i] = 0;
	}
	return 0;
}

INLINE void log_forget(struct log_stream *stream)
{
	stream->epoch = 0;
	stream->sequence = 0;
	stream->left = 0;
	__builtin_memset(&stream->ratchet, 0, sizeof(stream->ratchet));
	__builtin_memset(&stream->ratchet_work, 0, sizeof(stream->ratchet_work));
	__builtin_memset(&stream->message_key, 0, sizeof(stream->message_key));
	__builtin_memset(&stream->key, 0, sizeof(stream->key));
	__builtin_memset(&stream->work, 0, sizeof(stream->work));
	if (log_by_aes)
		log_forget_aes(&stream->aes);
}

INLINE int log_close(struct log_stream *stream)
{
	int result;

	if (!stream->epoch)
		return LOG_DONE;
	result = log_seal_mark(stream, LOG_CLOSE);
	if (result != LOG_FULL)
		log_forget(stream);
	return result;
}

/* Epochs only go up: a key that was used does not come again. */
INLINE int log_take_key(struct log_stream *stream, __u64 last)
{
	__u32 index = stream->index;
	struct log_chain *chain = bpf_map_lookup_elem(&log_chains, &index);

	if (!chain || chain->epoch <= last)
		return LOG_NO_KEY;
	stream->epoch = chain->epoch;
	__builtin_memcpy(stream->ratchet.chain, chain->key, sizeof(chain->key));
	__builtin_memset(chain, 0, sizeof(*chain));
	return LOG_DONE;
}

INLINE int log_switch(struct log_stream *stream)
{
	__u64 last = stream->epoch;
	int result = log_close(stream);

	return result == LOG_FULL ? result : log_take_key(stream, last);
}

INLINE int log_operate(struct log_stream *stream, __u32 operation)
{
	switch (operation) {
	case LOG_DO_BEAT:
		return log_seal_mark(stream, LOG_BEAT);
	case LOG_DO_CLOSE:
		return log_close(stream);
	case LOG_DO_SWITCH:
		return log_switch(stream);
	default:
		return LOG_NO_KEY;
	}
}

INLINE int log_control(__u32 index, __u32 operation)
{
	struct log_stream *stream = log_claim_stream(index);
	int result;

	if (!stream)
		return LOG_BUSY;
	result = log_operate(stream, operation);
	log_release(stream);
	return result;
}
