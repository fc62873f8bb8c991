// SPDX-License-Identifier: GPL-2.0-only
/*
 * What core loads beyond what the features need: maps of maps and of sockets, a kprobe, programs of
 * a cgroup. Hooks: XDP, kprobe, cgroup. Minimum kernel: 6.1; the kprobe, one with CONFIG_KPROBES.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

__u32 watch_pid = 0xffffffff;
__u32 allows = 1;
__u64 calls;
__u64 packets;

struct counter {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} first SEC(".maps"), second SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} other SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct counter);
} by_index SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u64);
	__array(values, struct counter);
} by_name SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

static int add_one(void *map)
{
	__u32 zero = 0;
	__u64 *count = map ? bpf_map_lookup_elem(map, &zero) : NULL;

	if (!count)
		return XDP_DROP;
	__sync_fetch_and_add(count, 1);
	return XDP_PASS;
}

/* In the map whose index is the length of the packet, less 64. */
SEC("xdp")
int hooks_by_index(struct xdp_md *ctx)
{
	__u32 index = ctx->data_end - ctx->data - 64;

	return add_one(bpf_map_lookup_elem(&by_index, &index));
}

SEC("xdp")
int hooks_by_name(struct xdp_md *ctx)
{
	__u64 name = ctx->data_end - ctx->data - 64;

	return add_one(bpf_map_lookup_elem(&by_name, &name));
}

/* Whether there is a socket for queue 0. */
SEC("xdp")
int hooks_socket(struct xdp_md *ctx)
{
	return bpf_redirect_map(&sockets, 0, XDP_DROP);
}

SEC("kprobe")
int hooks_probe(void *ctx)
{
	if (bpf_get_current_pid_tgid() >> 32 == watch_pid)
		__sync_fetch_and_add(&calls, 1);
	return 0;
}

SEC("cgroup_skb/egress")
int hooks_egress(struct __sk_buff *skb)
{
	__sync_fetch_and_add(&packets, 1);
	return allows & 1;
}

SEC("cgroup/connect4")
int hooks_connect(struct bpf_sock_addr *ctx)
{
	return allows & 1;
}
