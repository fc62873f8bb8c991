/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the controller does to sessions and endpoints, by a syscall program: here, beside those who
 * read them meanwhile.
 */
#pragma once

#include "tunnel_state.h"

enum tunnel_operation {
	TUNNEL_INSTALL,
	TUNNEL_CLEAR,
	TUNNEL_ENDPOINT,
	TUNNEL_TAKE_COUNTER,
};

/* What the program is to do. Keys are wiped in it. */
struct tunnel_command {
	enum tunnel_operation operation;
	__u32 peer;
	__u32 slot;
	__u32 local_index;
	__u32 remote_index;
	__u32 is_initiator;
	__u64 counter;	  /* result of TUNNEL_TAKE_COUNTER */
	__u32 text_bytes; /* of the packet that it is for */
	__u32 wire_bytes;
	struct tunnel_endpoint endpoint;
	__u8 send_key[AEAD_KEY];
	__u8 receive_key[AEAD_KEY];
	char driver[64]; /* of AES */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tunnel_command);
} commands SEC(".maps");

enum tunnel_result {
	TUNNEL_DONE,
	TUNNEL_NOTHING, /* no such peer, slot or session */
	TUNNEL_REFUSED, /* by the kernel */
	TUNNEL_BUSY,	/* once more, please */
};

INLINE void window_clear(struct replay_window *window)
{
	window->largest = 0;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < REPLAY_BLOCKS; i++)
		write_once(window->blocks[i], 0);
}

/* Whoever works with this session will see that it is over. Even -> odd. */
INLINE void session_end(struct tunnel_session *session)
{
	if (!(read_once(session->generation) & 1))
		__sync_fetch_and_add(&session->generation, 1);
}

INLINE int tunnel_clear(struct tunnel_command *command)
{
	__u32 slot = command->slot, index;
	struct tunnel_session *session = tunnel_session(slot);
	struct tunnel_peer *peer = tunnel_peer(command->peer);

	if (!session || !peer)
		return TUNNEL_NOTHING;
	if (peer->activity.current == slot)
		write_once(peer->activity.current, 0);
	if (peer->activity.next == slot)
		write_once(peer->activity.next, 0);
	session_end(session);
	index = session->local_index;
	bpf_map_delete_elem(&indices, &index);
	suite_forget(session, slot);
	return TUNNEL_DONE;
}

/* Into a slot that was cleared. */
INLINE int tunnel_install(struct tunnel_command *command)
{
	__u32 slot = command->slot, index = command->local_index;
	struct tunnel_session *session = tunnel_session(slot), *waiting;
	struct replay_window *window = arrivals_window(slot);
	struct tunnel_peer *peer = tunnel_peer(command->peer);

	if (!session || !window || !peer)
		return TUNNEL_NOTHING;
	session_end(session);
	window_clear(window);
	session->sent = 0;
	session->born_ns = bpf_ktime_get_boot_ns();
	session->peer = command->peer;
	session->local_index = index;
	session->remote_index = command->remote_index;
	session->is_confirmed = command->is_initiator;
	if (suite_prepare(session, slot, command) ||
	    bpf_map_update_elem(&indices, &index, &slot, BPF_ANY))
		return TUNNEL_REFUSED;
	__sync_fetch_and_add(&session->generation, 1);
	waiting = tunnel_session(peer->activity.next);
	if (waiting) /* it comes too late to become the current one */
		write_once(waiting->is_confirmed, 1);
	write_once(peer->activity.next, command->is_initiator ? 0 : slot);
	if (command->is_initiator)
		write_once(peer->activity.current, slot);
	return TUNNEL_DONE;
}

INLINE int tunnel_set_endpoint(const struct tunnel_command *command)
{
	struct tunnel_endpoint endpoint = command->endpoint;
	struct tunnel_peer *peer = tunnel_peer(command->peer);

	if (!peer)
		return TUNNEL_NOTHING;
	return endpoint_write(peer, &endpoint) ? TUNNEL_DONE : TUNNEL_BUSY;
}

enum tunnel_result unused_tunnel_result __attribute__((unused));

/* For what the controller seals itself: a counter that no packet has, of the session in the slot.
 */
INLINE int tunnel_take_counter(struct tunnel_command *command)
{
	struct tunnel_session *session = tunnel_session(command->slot);
	struct tunnel_peer *peer = tunnel_peer(command->peer);
	__u64 now_ns = bpf_ktime_get_boot_ns();

	if (!session || !peer || read_once(session->generation) & 1 ||
	    session_is_usable(session, now_ns))
		return TUNNEL_NOTHING;
	command->counter = __sync_fetch_and_add(&session->sent, 1);
	peer->activity.last_counter = command->counter;
	peer_sent(peer, now_ns, command->text_bytes, command->wire_bytes);
	return TUNNEL_DONE;
}

INLINE int tunnel_operate(struct tunnel_command *command)
{
	switch (command->operation) {
	case TUNNEL_INSTALL:
		return tunnel_install(command);
	case TUNNEL_CLEAR:
		return tunnel_clear(command);
	case TUNNEL_ENDPOINT:
		return tunnel_set_endpoint(command);
	case TUNNEL_TAKE_COUNTER:
		return tunnel_take_counter(command);
	}
	return TUNNEL_NOTHING;
}

INLINE int tunnel_control_run(void)
{
	struct tunnel_command *command;
	__u32 zero = 0;
	int result;

	command = bpf_map_lookup_elem(&commands, &zero);
	if (!command)
		return TUNNEL_REFUSED;
	result = tunnel_operate(command);
	__builtin_memset(command->send_key, 0, sizeof(command->send_key));
	__builtin_memset(command->receive_key, 0, sizeof(command->receive_key));
	return result;
}
