/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sealing a record that lies in a claimed stream's memory, and sending it to the ring. What leaves
 * the stream is ciphertext: neither the ring nor who reads it has seen anything else.
 */
#pragma once

#include "log_state.h"

#define LOG_TEXT_MAX 2048 /* of a kernel record, its prefix included */

enum log_result {
	LOG_DONE,
	LOG_BUSY, /* somebody has the stream: try again */
	LOG_FULL, /* of the ring: nothing was sealed, nothing changed */
	LOG_NO_KEY,
};

enum log_result unused_log_result __attribute__((unused));

INLINE struct log_prefix *log_prefix_of(struct log_stream *stream)
{
	return (struct log_prefix *)stream->message.text;
}

INLINE __u32 log_cpu_of(const struct log_stream *stream)
{
	return stream->index / LOG_LEVELS;
}

INLINE int log_set_key(struct log_stream *stream)
{
	const struct aes256_key *aes = (const struct aes256_key *)stream->message_key.bytes;

	if (log_by_aes)
		return aes_gcm_soft_prepare(&stream->aes.key, aes, &stream->aes.work);
	__builtin_memset(&stream->key, 0, sizeof(stream->key));
	__builtin_memcpy(&stream->key.key, stream->message_key.bytes, AEAD_KEY);
	return 0;
}

/* The next key of the ratchet takes the place of the one before, when that has done its work. */
INLINE bool log_step(struct log_stream *stream)
{
	if (stream->left)
		return true;
	if (ratchet_step(&stream->ratchet, &stream->ratchet_work, &stream->message_key) ||
	    log_set_key(stream))
		return false;
	__builtin_memset(&stream->message_key, 0, sizeof(stream->message_key));
	stream->left = log_records_per_key;
	return true;
}

INLINE void log_fill_header(struct log_stream *stream, __u64 text)
{
	struct log_header *header = (struct log_header *)stream->message.aad;

	header->magic = bpf_htons(LOG_MAGIC);
	header->version = LOG_VERSION;
	header->frame = LOG_FRAME_RECORD;
	header->length = bpf_htons(text + AEAD_TAG);
	header->cpu = bpf_htons(log_cpu_of(stream));
	header->epoch = bpf_htonl(stream->epoch);
	header->level = stream->index % LOG_LEVELS;
	__builtin_memset(header->reserved, 0, sizeof(header->reserved));
	header->sequence = bpf_cpu_to_be64(stream->sequence);
}

INLINE void log_fill_prefix(struct log_stream *stream)
{
	struct log_prefix *prefix = log_prefix_of(stream);
	__u32 cpu = log_cpu_of(stream);
	struct log_losses *losses = bpf_map_lookup_elem(&log_lost, &cpu);

	prefix->time_ns = bpf_ktime_get_boot_ns();
	for (int i = 0; losses && i < LOG_CAUSES; i++)
		prefix->lost[i] = read_once(losses->count[i]);
}

/* The length of the text, with zeros up to a whole block; 0: it is too long. */
INLINE __u64 log_pad(struct log_stream *stream)
{
	__u64 length = log_prefix_of(stream)->length;
	__u64 *end;

	opaque(length);
	if (length > LOG_TEXT_MAX - sizeof(struct log_prefix))
		return 0;
	length += sizeof(struct log_prefix);
	end = (__u64 *)(stream->message.text + length);
	end[0] = 0;
	end[1] = 0;
	return (length + 15) & ~15ULL;
}

INLINE int log_encrypt(struct log_stream *stream, __u64 text)
{
	struct aead_nonce zero = {};

	log_fill_prefix(stream);
	log_fill_header(stream, text);
	stream->message.aad_length = sizeof(struct log_header);
	stream->message.length = text;
	aead_nonce(&stream->message.nonce, &zero, stream->sequence);
	if (log_by_aes)
		return aes_gcm_soft_seal(&stream->aes.work, &stream->aes.key, &stream->message);
	return chacha20poly1305_seal(&stream->work, &stream->key, &stream->message);
}

INLINE void log_count_sealed(struct log_stream *stream, __u64 bytes)
{
	__u32 index = stream->index;
	struct log_stat *stat = bpf_map_lookup_elem(&log_stats, &index);

	stream->sequence++;
	stream->left--;
	if (!stat)
		return;
	stat->epoch = stream->epoch;
	stat->sequence = stream->sequence;
	stat->records++;
	stat->bytes += bytes;
}

/* What lies in the text goes no further: it is in clear. */
INLINE void log_drop_text(struct log_stream *stream)
{
	__u64 *words = (__u64 *)stream->message.text;

	for (__u64 i = 0; i < LOG_TEXT_MAX / 8; i++) {
		opaque(i);
		words[i] = 0;
	}
}

/*
 * Seals what lies in stream->message.text: a prefix, of which type and length are set, and so many
 * bytes more. Room in the ring comes first: what is sealed is sent. Returns a log_result.
 */
NO_INLINE int log_seal(struct log_stream *stream)
{
	struct bpf_dynptr room;
	__u64 text;
	int result = LOG_FULL;

	if (!stream)
		return LOG_NO_KEY;
	text = log_pad(stream);
	if (!text || !stream->epoch || !log_step(stream)) {
		log_drop_text(stream);
		return LOG_NO_KEY;
	}
	if (bpf_ringbuf_reserve_dynptr(&log_ring, sizeof(struct log_header) + text + AEAD_TAG, 0,
				       &room) ||
	    log_encrypt(stream, text)) {
		bpf_ringbuf_discard_dynptr(&room, BPF_RB_NO_WAKEUP);
		log_drop_text(stream);
		return LOG_FULL;
	}
	opaque(text);
	if (text <= LOG_TEXT_MAX) {
		bpf_dynptr_write(&room, 0, stream->message.aad, sizeof(struct log_header), 0);
		bpf_dynptr_write(&room, sizeof(struct log_header), stream->message.text,
				 text + AEAD_TAG, 0);
		log_count_sealed(stream, sizeof(struct log_header) + text + AEAD_TAG);
		result = LOG_DONE;
	}
	bpf_ringbuf_submit_dynptr(&room, BPF_RB_NO_WAKEUP);
	return result;
}

/* Seals the record of an event, or counts it as lost; and lets go of the stream. */
INLINE void log_finish(struct log_stream *stream)
{
	int result = log_seal(stream);

	if (result != LOG_DONE)
		log_count_lost(log_cpu_of(stream),
			       result == LOG_FULL ? LOG_LOST_RING : LOG_LOST_KEY);
	log_release(stream);
}
