// SPDX-License-Identifier: GPL-2.0-only
/*
 * One of everything that @cryptbpf/core reads, types and loads: a map of each kind, variables in
 * each section, a ring event, enums, and a program for each hook. Hooks: XDP, tc, tracepoint,
 * raw tracepoint, syscall. Kernel 6.1.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

enum core_mode {
	CORE_MODE_OFF,
	CORE_MODE_COUNT,
	CORE_MODE_REPORT,
};

enum core_reason {
	CORE_REASON_NONE,
	CORE_REASON_SHORT = 3,
	CORE_REASON_UNKNOWN = 200,
};

enum core_level {
	CORE_LEVEL_LOW = -1,
	CORE_LEVEL_HIGH = 1,
};

enum core_flag {
	CORE_FLAG_FIRST = 1ULL << 0,
	CORE_FLAG_LAST = 1ULL << 40,
};

/*
 * BTF has only the types that something uses. A global pointer carries the type it points to and
 * nothing else: it is no variable to user space. `event_of_<map>` also names a ring's event.
 */
enum {
	CORE_SLOTS = 16,
	CORE_EVENT_SIZE = 64,
} *
	unused_limits __attribute__((unused));

enum core_reason *unused_reason __attribute__((unused));

struct core_event *event_of_events __attribute__((unused));

struct core_key {
	__u8 address[16];
	__u16 port;
	__u8 protocol;
	__u8 pad;
};

struct core_counter {
	__u64 packets;
	__u64 bytes;
};

/* Each kind of field that a codec knows. */
struct core_value {
	struct core_counter total;
	struct core_counter by_direction[2];
	__s64 balance;
	enum core_flag flags;
	enum core_mode mode;
	enum core_level level;
	__u32 seen[3];
	__s32 offset;
	__u16 ports[2];
	__s16 bias;
	__s8 trend;
	bool blocked;
	char label[8];
};

struct core_prefix {
	__u32 prefix_length;
	__u8 address[4];
};

struct core_event {
	__u64 time_ns;
	__u64 sequence;
	enum core_mode mode;
	__u32 length;
	__u8 head[32];
	__s16 bias;
	bool last;
	__u8 pad[5];
};

_Static_assert(sizeof(struct core_event) == CORE_EVENT_SIZE, "the event fills one cache line");

const volatile __u32 verdict = XDP_PASS;
const volatile bool reports = true;
const volatile enum core_mode mode = CORE_MODE_COUNT;
const volatile __u8 magic[8] = "coretest";
const volatile struct core_counter limits = {.packets = 1000, .bytes = 1 << 20};

__u64 threshold = 1ULL << 40;
__s16 bias = -3;
__u32 watch_pid = 0xffffffff;

__u64 packets;
__u64 lost;
__u64 calls;
__u32 histogram[CORE_SLOTS];

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct core_key);
	__type(value, struct core_value);
} hosts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} recent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct core_counter);
} cpu_hosts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} cpu_recent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CORE_SLOTS);
	__type(key, __u32);
	__type(value, struct core_value);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CORE_SLOTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} live SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CORE_SLOTS);
	__type(key, __u32);
	__type(value, struct core_counter);
} cpu_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct core_prefix);
	__type(value, __u32);
} prefixes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} chain SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} events SEC(".maps");

/* Sizes alone: user space sees bytes. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__uint(key_size, 6);
	__uint(value_size, 10);
} raw SEC(".maps");

static __always_inline void report(__u64 sequence, __u32 length, bool last)
{
	struct core_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->time_ns = bpf_ktime_get_ns();
	event->sequence = sequence;
	event->mode = CORE_MODE_REPORT;
	event->length = length;
	event->bias = bias;
	event->last = last;
	bpf_ringbuf_submit(event, 0);
}

static __always_inline void count_in(void *map, __u32 slot, __u32 length)
{
	struct core_counter *counter = bpf_map_lookup_elem(map, &slot);

	if (!counter)
		return;
	counter->packets++;
	counter->bytes += length;
}

static __always_inline void count(__u32 slot, __u32 length)
{
	__u64 *shared = bpf_map_lookup_elem(&live, &slot);

	if (shared)
		__sync_fetch_and_add(shared, 1);
	count_in(&cpu_slots, slot, length);
	count_in(&cpu_hosts, slot, length);
	__sync_fetch_and_add(&histogram[slot % CORE_SLOTS], 1);
}

/* Counts in slot 0, reports, and goes on in slot 0 of the chain; alone, it answers `verdict`. */
SEC("xdp")
int core_xdp(struct xdp_md *ctx)
{
	__u32 length = ctx->data_end - ctx->data;
	__u64 sequence = __sync_fetch_and_add(&packets, 1);

	count(0, length);
	if (reports)
		report(sequence, length, false);
	bpf_tail_call(ctx, &chain, 0);
	return verdict;
}

/* The end of the chain. */
SEC("xdp")
int core_xdp_drop(struct xdp_md *ctx)
{
	count(1, ctx->data_end - ctx->data);
	return XDP_DROP;
}

/* Answers with the value of the longest prefix of the packet's first four bytes, else `verdict`. */
SEC("xdp")
int core_xdp_prefix(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct core_prefix key = {.prefix_length = 32};
	__u32 *answer;

	if (data + sizeof(key.address) > end)
		return XDP_ABORTED;
	__builtin_memcpy(key.address, data, sizeof(key.address));
	answer = bpf_map_lookup_elem(&prefixes, &key);
	return answer ? *answer : verdict;
}

/* The verifier refuses this one: it reads the packet unchecked. For tests of that error. */
SEC("?xdp")
int core_xdp_refused(struct xdp_md *ctx)
{
	return *(__u8 *)(long)ctx->data;
}

SEC("tc")
int core_tc(struct __sk_buff *skb)
{
	count(2, skb->len);
	return TC_ACT_OK;
}

static __always_inline void count_call(__u32 slot)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;

	if (pid != watch_pid)
		return;
	__sync_fetch_and_add(&calls, 1);
	count(slot, 0);
}

SEC("tracepoint/syscalls/sys_enter_getppid")
int core_tracepoint(void *ctx)
{
	count_call(3);
	return 0;
}

SEC("raw_tp/sys_enter")
int core_raw_tp(struct bpf_raw_tracepoint_args *ctx)
{
	count_call(4);
	return 0;
}

/* The context of core_emit. */
struct core_emit_args {
	__u32 count;
	__u32 first;
};

static int emit_one(__u32 i, struct core_emit_args *args)
{
	report((__u64)args->first + i, 0, i + 1 == args->count);
	return 0;
}

/* Emits `count` events with sequence numbers from `first`. */
SEC("syscall")
int core_emit(struct core_emit_args *ctx)
{
	struct core_emit_args args = *ctx;

	bpf_loop(args.count, emit_one, &args, 0);
	return 0;
}
