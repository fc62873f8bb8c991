/* SPDX-License-Identifier: GPL-2.0-only */
/* A request's way: chosen, then to user space, or done here. */
#pragma once

#include "offload_compute.h"
#include "offload_decide.h"

/* A line of the decision log. */
struct offload_decision {
	__u64 time_ns; /* boot clock */
	__u64 counter;
	__u32 client;
	__u32 bytes; /* of the request: of several packets, up to a packet more */
	__u32 why;   /* enum offload_why */
	__u32 depth;
	__u32 expected_ns[OFFLOAD_ROUTES]; /* 0: not possible */
	__u8 operation;
	__u8 route;
	__u16 reserved;
};

struct offload_decision *event_of_decisions __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} decisions SEC(".maps");

/* One for each CPU and level, as works. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct offload_choice);
} choices SEC(".maps");

/*
 * How long this CPU has been busy with requests, without a pause. Packets wait for it in the
 * network card, where no program sees them; but the longer it lasts, the more there are.
 */
struct offload_streak {
	__u64 begin_ns;
	__u64 end_ns;
};

#define OFFLOAD_STREAK_PAUSE_NS 2000
#define OFFLOAD_STREAK_SHIFT	12 /* 4 microseconds count as one request in the queue */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct offload_streak);
} streaks SEC(".maps");

INLINE __u32 offload_streak_begin(struct offload_work *work)
{
	__u32 zero = 0;
	struct offload_streak *streak = bpf_map_lookup_elem(&streaks, &zero);

	if (!streak)
		return 0;
	if (work->now_ns - streak->end_ns > OFFLOAD_STREAK_PAUSE_NS)
		streak->begin_ns = work->now_ns;
	work->streak_ns = streak->begin_ns;
	return (work->now_ns - streak->begin_ns) >> OFFLOAD_STREAK_SHIFT;
}

/* Returns how long it has lasted. */
INLINE __u64 offload_streak_end(const struct offload_work *work)
{
	__u64 now_ns = bpf_ktime_get_boot_ns();
	__u32 zero = 0;
	struct offload_streak *streak = bpf_map_lookup_elem(&streaks, &zero);

	if (streak)
		streak->end_ns = now_ns;
	return now_ns - work->streak_ns;
}

/* What a request took that was done here: with what was before it, and by itself. */
INLINE void offload_learn_here(const struct offload_work *work)
{
	__u64 streak_ns = offload_streak_end(work);

	offload_learn(work->class, OFFLOAD_BPF, work->depth, streak_ns,
		      work->streak_ns + streak_ns - work->now_ns);
}

INLINE bool offload_is_checked(__u32 interval)
{
	return interval && !(bpf_get_prandom_u32() % interval);
}

INLINE bool offload_controller_lives(const struct offload_work *work)
{
	return work->now_ns - read_once(offload_heartbeat_ns) < offload_config_now()->stall_ns;
}

INLINE void offload_log(const struct offload_work *work, const struct offload_choice *c)
{
	struct offload_decision *line;

	if (work->head.segment ||
	    !token_take(&offload_log_bucket, &offload_config_now()->log_rate, work->now_ns))
		return;
	line = bpf_ringbuf_reserve(&decisions, sizeof(*line), 0);
	if (!line) {
		count(EVENT_LOST, 0);
		return;
	}
	line->time_ns = work->now_ns;
	line->counter = work->head.counter;
	line->client = work->head.client;
	line->bytes = work->head.length * work->head.segments;
	line->why = c->why;
	line->depth = c->depth;
#pragma unroll
	for (int route = 0; route < OFFLOAD_ROUTES; route++)
		line->expected_ns[route] = c->score[route] >> 32 ? 0 : c->score[route];
	line->operation = work->head.operation;
	line->route = c->route;
	line->reserved = 0;
	bpf_ringbuf_submit(line, 0);
}

/* Leaves the route in the choice. Without a controller, what needs user space is refused. */
NO_INLINE int offload_choose(struct offload_work *work, struct offload_choice *c)
{
	const struct offload_config *config = offload_config_now();

	if (!work || !c)
		return 1;
	c->class = offload_class_of(work->head.operation, work->head.length * work->head.segments);
	c->able = work->head.segments == 1 ? 1 << OFFLOAD_BPF : 0;
	if (offload_controller_lives(work))
		c->able |= 1 << OFFLOAD_USERSPACE | 1 << OFFLOAD_HARDWARE;
	c->explore_interval = work->head.segments == 1 ? config->explore_interval : 0;
	c->cost_weight = config->cost_weight;
	c->streak = offload_streak_begin(work);
#pragma unroll
	for (int route = 0; route < OFFLOAD_ROUTES; route++)
		c->depth_max[route] = config->depth_max[route];
	if (offload_decide(c))
		return 1;
	work->route = c->route;
	work->class = c->class;
	work->depth = c->depth;
	offload_log(work, c);
	return 0;
}

/* Fills in the record that goes before the payload. */
INLINE void offload_fill(struct offload_work *work)
{
	struct offload_record *r = &work->record;
	const struct packet *p = &work->packet;

	__builtin_memset(r, 0, sizeof(*r));
	r->time_ns = work->now_ns;
	r->source = p->source;
	r->destination = p->destination;
	r->source_port = p->source_port;
	r->destination_port = p->destination_port;
	r->counter = work->head.counter;
	r->client = work->head.client;
	r->length = work->head.length;
	r->class = work->class;
	r->room = work->body_bytes;
	r->key = work->head.key;
	r->segment = work->head.segment;
	r->segments = work->head.segments;
	r->operation = work->head.operation;
	r->route = work->route;
	r->depth = work->depth;
}

/* A nonce for what is sealed there: the first segment's counts. */
INLINE enum offload_error offload_give_nonce(struct offload_work *work)
{
	struct offload_key *key = offload_key_of(work->head.key, OFFLOAD_SEAL);

	if (!key)
		return OFFLOAD_BAD_KEY;
	work->record.nonce_prefix = key->nonce_prefix;
	return offload_next_nonce(key, &work->record.nonce) ? OFFLOAD_DONE : OFFLOAD_EXHAUSTED;
}

/* Record and payload to the ring. False: it is full. */
INLINE bool offload_put(struct offload_work *work)
{
	__u64 bytes = sizeof(work->record) + OFFLOAD_HEAD_BYTES + (__u64)work->record.length;

	opaque(bytes);
	if (bytes > sizeof(work->record) + OFFLOAD_PAYLOAD_MAX)
		return false;
	return !bpf_ringbuf_output(&requests, &work->record, bytes, 0);
}

/* Tells the controller of a request that is done here, before or afterwards. */
NO_INLINE int offload_tell(struct offload_work *work, __u32 check)
{
	if (!work)
		return 1;
	offload_fill(work);
	work->record.check = check;
	work->record.error = work->error;
	if (check == OFFLOAD_CHECK_RESULT)
		work->record.length = work->error ? 0 : work->result_bytes;
	return !offload_put(work);
}

/* Returns an enum offload_error. */
NO_INLINE int offload_hand_over(struct offload_work *work)
{
	enum offload_error error;
	__u32 route, *count;

	if (!work)
		return OFFLOAD_FAILED;
	route = work->route;
	count = bpf_map_lookup_elem(&given, &route);
	if (!count)
		return OFFLOAD_FAILED;
	offload_fill(work);
	if (work->head.operation == OFFLOAD_SEAL && !work->head.segment) {
		error = offload_give_nonce(work);
		if (error)
			return error;
	}
	__sync_fetch_and_add(count, 1);
	if (offload_put(work))
		return OFFLOAD_DONE;
	__sync_fetch_and_sub(count, 1);
	return OFFLOAD_BUSY;
}
