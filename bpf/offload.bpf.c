// SPDX-License-Identifier: GPL-2.0-only
/*
 * A service of cryptographic operations: requests of known clients are done here and answered from
 * XDP, or handed to user space, as is faster. Minimum kernel: 6.1; no kfuncs.
 */
#include "lib/common.h"
#include "lib/hook_xdp.h"
#include "lib/offload_check.h"
#include "lib/offload_route.h"
#include "lib/offload_answer.h"

char _license[] SEC("license") = "GPL";

/* Done here; what it took is learned, and now and then told to the controller, which checks it. */
INLINE void offload_serve(struct offload_work *work)
{
	bool is_client = work->client.kind != OFFLOAD_CLIENT_PROBE;
	bool is_checked = is_client && offload_is_checked(offload_config_now()->check_interval) &&
			  offload_controller_lives(work) && !offload_tell(work, OFFLOAD_CHECK_DATA);

	work->error = offload_compute(work);
	if (is_client)
		offload_learn_here(work);
	if (is_checked)
		offload_tell(work, OFFLOAD_CHECK_RESULT);
}

/* The controller makes sessions. */
INLINE enum offload_error offload_direct_session(struct offload_work *work)
{
	if (work->head.segments != 1)
		return OFFLOAD_BAD_LENGTH;
	if (!offload_controller_lives(work))
		return OFFLOAD_BUSY;
	work->route = OFFLOAD_USERSPACE;
	work->class = 0;
	work->depth = 0;
	return OFFLOAD_DONE;
}

/* Returns an enum offload_error; with OFFLOAD_DONE, work->route is where it goes. */
INLINE enum offload_error offload_direct(struct offload_work *work, struct offload_choice *choice)
{
	enum offload_error error;

	if (work->head.operation == OFFLOAD_SESSION)
		return offload_direct_session(work);
	error = offload_check_operation(work);
	if (error || work->client.kind == OFFLOAD_CLIENT_PROBE)
		return error;
	if (offload_choose(work, choice) || choice->route >= OFFLOAD_ROUTES)
		return OFFLOAD_BUSY;
	return OFFLOAD_DONE;
}

INLINE enum reason offload_route(struct offload_work *work, struct offload_choice *choice)
{
	work->error = offload_direct(work, choice);
	if (work->error)
		return ANSWER_ERROR;
	if (work->route != OFFLOAD_BPF) {
		work->error = offload_hand_over(work);
		offload_streak_end(work);
		return work->error ? ANSWER_ERROR : ANSWER_QUEUED;
	}
	offload_serve(work);
	return work->error ? ANSWER_ERROR : ANSWER_RESULT;
}

INLINE enum reason offload_request(struct xdp_md *ctx, struct offload_work *work)
{
	__u32 zero = 0;
	struct offload_choice *choice = bpf_map_lookup_elem(&choices, &zero);
	enum reason reason = offload_receive(ctx, work);

	if (reason || !choice)
		return reason ? reason : DROP_OFFLOAD_BUSY;
	reason = work->error ? ANSWER_ERROR : offload_route(work, choice);
	if (reason != ANSWER_QUEUED && offload_answer(ctx, work))
		return DROP_OFFLOAD_ANSWER;
	return reason;
}

SEC("xdp")
int offload(struct xdp_md *ctx)
{
	__u32 bytes = hook_frame_length(ctx);
	struct offload_work *work = offload_work_begin();
	enum reason reason;

	if (!work) {
		count(DROP_OFFLOAD_BUSY, bytes);
		return XDP_DROP;
	}
	reason = parse_packet(ctx, &work->packet);
	if (!reason)
		reason = work->packet.protocol == IPPROTO_UDP &&
					 set_has(offload_ports, work->packet.destination_port)
				 ? offload_request(ctx, work)
				 : PASS_UNPROTECTED;
	count(reason, bytes);
	work_end(work);
	if (is_pass(reason))
		return hook_pass(ctx, CHAIN_OFFLOAD);
	return reason == ANSWER_RESULT || reason == ANSWER_ERROR ? XDP_TX : XDP_DROP;
}

/* What the controller asks for when it makes a key for sealing. */
struct offload_setup {
	struct aes256_key secret; /* wiped */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct offload_setup);
} setups SEC(".maps");

/* 0 -> the key that was made, for the controller to move on and wipe */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct offload_key);
} made SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u8[sizeof(struct aes_gcm_soft)]);
} setup_works SEC(".maps");

/* Expands the secret for AES. Returns 0. */
SEC("syscall")
int offload_prepare(void *ctx)
{
	__u32 zero = 0;
	struct offload_setup *setup = bpf_map_lookup_elem(&setups, &zero);
	struct offload_key *key = bpf_map_lookup_elem(&made, &zero);
	struct aes_gcm_soft *work = bpf_map_lookup_elem(&setup_works, &zero);
	int error;

	if (!setup || !key || !work)
		return 1;
	error = aes_gcm_soft_prepare(&key->gcm, &setup->secret, work);
	__builtin_memset(setup, 0, sizeof(*setup));
	return error;
}
