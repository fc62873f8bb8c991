/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The streams of a sealed log: for each CPU a few, so that a program that interrupts another one,
 * in whatever context, has a key, a sequence and memory of its own. A stream is claimed by one
 * atomic exchange and is its owner's alone until it is released: also when tasks are preempted in
 * tracepoints (Linux 7), and when the controller closes the streams of another CPU.
 */
#pragma once

#include "../logger.h"
#include "aes_gcm_soft.h"
#include "chacha20poly1305.h"
#include "ratchet.h"

/* With AES-256-GCM: a key and work of its kind. */
struct log_aes {
	struct aes_gcm_soft_key key;
	struct aes_gcm_soft work;
};

struct log_stream {
	__u64 busy;
	__u64 epoch; /* 0: no key */
	__u64 sequence;
	__u32 index; /* in the map */
	__u32 left;  /* records that the key may still seal */
	struct ratchet ratchet;
	struct ratchet_work ratchet_work;
	struct ratchet_key message_key;
	struct chacha20poly1305_key key;
	struct chacha20poly1305 work;
	struct log_aes aes;
	struct aead_message message;
};

/* How many records one key seals: what a thief of the memory can read back at most. */
const volatile __u32 log_records_per_key = 16;

/* AES-256-GCM, and not ChaCha20-Poly1305. */
const volatile bool log_by_aes = false;

/* cpu * LOG_LEVELS + level -> stream. Sized by the controller. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LOG_LEVELS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct log_stream));
} log_streams SEC(".maps");

/* The same index -> the key that waits for it */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LOG_LEVELS);
	__type(key, __u32);
	__type(value, struct log_chain);
} log_chains SEC(".maps");

/* The same index -> how far it is, for the controller */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LOG_LEVELS);
	__type(key, __u32);
	__type(value, struct log_stat);
} log_stats SEC(".maps");

/* CPU -> events that were not recorded */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct log_losses);
} log_lost SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24);
} log_ring SEC(".maps");

INLINE void log_count_lost(__u32 cpu, enum log_cause cause)
{
	struct log_losses *losses = bpf_map_lookup_elem(&log_lost, &cpu);

	if (losses)
		__sync_fetch_and_add(&losses->count[cause], 1);
}

/* NULL: somebody has it. */
INLINE struct log_stream *log_claim_stream(__u32 index)
{
	struct log_stream *stream = bpf_map_lookup_elem(&log_streams, &index);

	if (!stream || __sync_lock_test_and_set(&stream->busy, 1))
		return NULL;
	stream->index = index;
	return stream;
}

/* An exchange, not a store: what was written before is seen by who claims it next, on any CPU. */
INLINE void log_release(struct log_stream *stream)
{
	__sync_lock_test_and_set(&stream->busy, 0);
}

/* A stream of this CPU that nobody has. NULL, and counted: there is none. */
INLINE struct log_stream *log_claim(void)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct log_stream *stream;

	for (int level = 0; level < LOG_LEVELS; level++) {
		stream = log_claim_stream(cpu * LOG_LEVELS + level);
		if (stream)
			return stream;
	}
	log_count_lost(cpu, LOG_LOST_NESTED);
	return NULL;
}
