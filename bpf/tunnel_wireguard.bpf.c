// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data path of WireGuard's protocol, at TC: ChaCha20-Poly1305, packets as in the WireGuard
 * paper, section 5.4.6. Minimum kernel: 6.1; no kfuncs.
 */
#include "lib/chacha20poly1305.h"
#include "lib/hook_tc.h"
#include "lib/tunnel_header.h"

char _license[] SEC("license") = "GPL";

#define suite_header	      wireguard_header
#define suite_header_type     wireguard_header_type
#define suite_header_receiver wireguard_header_receiver
#define suite_header_counter  wireguard_header_counter
#define suite_key	      chacha20poly1305_key
#define suite_work	      chacha20poly1305

#include "lib/tunnel_suite.h"

INLINE void suite_header_write(struct suite_header *header, __u32 receiver, __u64 counter)
{
	header->type = TUNNEL_DATA;
	header->receiver = receiver;
	header->counter = counter;
}

/* Nonce: four zero bytes, and the counter, little endian. */
INLINE void suite_message(struct aead_message *message, const struct suite_header *header,
			  __u64 counter)
{
	message->nonce.w[0] = 0;
	message->nonce.w[1] = counter;
	message->nonce.w[2] = counter >> 32;
	message->aad_length = 0;
}

#include "lib/tunnel.h"

INLINE void suite_forget(struct tunnel_session *session, __u32 slot)
{
	__builtin_memset(&session->send, 0, sizeof(session->send));
	__builtin_memset(&session->receive, 0, sizeof(session->receive));
}

INLINE int suite_prepare(struct tunnel_session *session, __u32 slot, struct tunnel_command *command)
{
	suite_forget(session, slot);
	__builtin_memcpy(&session->send.key, command->send_key, AEAD_KEY);
	__builtin_memcpy(&session->receive.key, command->receive_key, AEAD_KEY);
	return 0;
}

INLINE int suite_seal(struct tunnel_session *session, __u32 slot, struct tunnel_work *work)
{
	return chacha20poly1305_seal(&work->suite, &session->send, &work->message);
}

INLINE int suite_open(struct tunnel_session *session, __u32 slot, struct tunnel_work *work)
{
	return chacha20poly1305_open(&work->suite, &session->receive, &work->message);
}

SEC("tc")
int tunnel_inside(struct __sk_buff *ctx)
{
	return tunnel_inside_run(ctx);
}

SEC("tc")
int tunnel_underlay(struct __sk_buff *ctx)
{
	return tunnel_underlay_run(ctx);
}

/* Only inline. */
SEC("tc")
int tunnel_divert(struct __sk_buff *ctx)
{
	return tunnel_divert_run(ctx);
}

SEC("syscall")
int tunnel_control(void *ctx)
{
	return tunnel_control_run();
}
