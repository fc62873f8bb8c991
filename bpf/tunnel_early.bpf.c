// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tunnel's early stage, in the chain of XDP programs of an interface: packets to its port that
 * cannot be its own are dropped before the stack makes anything of them. The programs at TC would
 * drop them, too, or the controller. Minimum kernel: 6.1.
 */
#include "lib/hook_xdp.h"
#include "lib/tunnel_arrivals.h"
#include "lib/tunnel_header.h"

char _license[] SEC("license") = "GPL";

const volatile __u8 is_aes; /* the suite. Set before loading. */

struct early {
	struct packet packet;
	struct early_wire {
		struct udphdr udp;
		struct tunnel_header header; /* or a wireguard_header, which is shorter */
	} wire;
	__u32 receiver;
	__u64 counter;
	enum tunnel_message type;
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct early);
} early_work SEC(".maps");

INLINE void early_parse(struct early *early)
{
	const struct tunnel_header *aes = &early->wire.header;
	const struct wireguard_header *wireguard = (const struct wireguard_header *)aes;

	early->type = is_aes ? tunnel_header_type(aes) : wireguard_header_type(wireguard);
	early->receiver =
		is_aes ? tunnel_header_receiver(aes) : wireguard_header_receiver(wireguard);
	early->counter = is_aes ? tunnel_header_counter(aes) : wireguard_header_counter(wireguard);
}

/* Data of a session that there is, and not behind its window? The window may move meanwhile. */
INLINE enum reason early_judge_data(const struct early *early)
{
	__u32 receiver = early->receiver, *slot = bpf_map_lookup_elem(&indices, &receiver);
	struct replay_window *window = slot ? arrivals_window(*slot) : NULL;

	if (!window)
		return DROP_TUNNEL_INDEX;
	return replay_check(window, early->counter) ? DROP_REPLAY : REASON_NONE;
}

/* Whatever is not plainly a whole packet to the port, the stack and TC see to. */
INLINE bool early_is_addressed(struct xdp_md *ctx, struct early *early)
{
	struct packet *packet = &early->packet;

	__builtin_memset(early, 0, sizeof(*early));
	return !parse_packet(ctx, packet) && packet->protocol == IPPROTO_UDP &&
	       packet->destination_port == listen_port && packet->l3_offset == ETH_HLEN &&
	       !packet->first_fragment;
}

/* A message that is shorter than data's header can be none at all. */
INLINE enum reason early_judge(struct xdp_md *ctx, struct early *early)
{
	__u32 at = early->packet.l4_offset;

	if (at > L4_OFFSET_MAX || early->packet.l4_length < sizeof(early->wire) ||
	    bpf_xdp_load_bytes(ctx, at, &early->wire, sizeof(early->wire)))
		return DROP_MESSAGE_LENGTH;
	early_parse(early);
	if (!early->type)
		return DROP_MESSAGE_TYPE;
	return early->type == TUNNEL_DATA ? early_judge_data(early) : REASON_NONE;
}

SEC("xdp")
int tunnel_early(struct xdp_md *ctx)
{
	enum reason reason;
	struct early *early;
	__u32 zero = 0;

	early = bpf_map_lookup_elem(&early_work, &zero);
	if (!early || !early_is_addressed(ctx, early))
		return hook_pass(ctx, CHAIN_TUNNEL);
	reason = early_judge(ctx, early);
	if (!reason || arrivals_are_anothers(ctx, &early->packet, ctx->ingress_ifindex))
		return hook_pass(ctx, CHAIN_TUNNEL);
	count(reason, early->packet.frame_length);
	return hook_drop();
}
