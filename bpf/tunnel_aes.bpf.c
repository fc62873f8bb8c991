// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data path of suite aes-256-gcm, at TC: AES by the kernel's cipher (bpf_crypto_encrypt), GHASH
 * by tables. Minimum kernel: 6.10.
 */
#include "lib/aes_gcm.h"
#include "lib/hook_tc.h"
#include "lib/tunnel_header.h"

char _license[] SEC("license") = "GPL";

/* Ciphers and tables are in maps of their own. */
struct aes_gcm_key {
	struct aead_usage usage;
};

#define suite_header	      tunnel_header
#define suite_header_type     tunnel_header_type
#define suite_header_receiver tunnel_header_receiver
#define suite_header_counter  tunnel_header_counter
#define suite_key	      aes_gcm_key
#define suite_work	      gcm

#include "lib/tunnel_suite.h"

INLINE void suite_header_write(struct suite_header *header, __u32 receiver, __u64 counter)
{
	header->magic = bpf_htonl(TUNNEL_MAGIC);
	header->version = TUNNEL_VERSION;
	header->type = TUNNEL_DATA;
	header->reserved = 0;
	header->receiver = bpf_htonl(receiver);
	header->counter = bpf_cpu_to_be64(counter);
}

/* Nonce: four zero bytes, and the counter, big endian. The header is associated data. */
INLINE void suite_message(struct aead_message *message, const struct suite_header *header,
			  __u64 counter)
{
	message->nonce.w[0] = 0;
	message->nonce.w[1] = bpf_htonl(counter >> 32);
	message->nonce.w[2] = bpf_htonl(counter);
	message->aad_length = sizeof(*header);
	__builtin_memcpy(message->aad, header, sizeof(*header));
}

#include "lib/tunnel.h"

/* 2 * slot: to send by, 2 * slot + 1: to receive by */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 386);
	__type(key, __u32);
	__type(value, struct aes_gcm_cipher);
} ciphers SEC(".maps");

/* The same, for GHASH. Written by user space while the slot is empty. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 386);
	__type(key, __u32);
	__type(value, struct ghash_small);
} ghash_tables SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct aes_gcm_setup);
} setups SEC(".maps");

INLINE void cipher_release(__u32 place)
{
	struct aes_gcm_cipher *cipher = bpf_map_lookup_elem(&ciphers, &place);
	struct bpf_crypto_ctx *ctx;

	if (!cipher)
		return;
	ctx = bpf_kptr_xchg(&cipher->ctx, NULL);
	if (ctx)
		bpf_crypto_ctx_release(ctx);
}

/* Not inline: for the parameters of a cipher there is hardly room on the stack once. */
static __noinline int cipher_make(struct aes_gcm_setup *setup)
{
	struct aes_gcm_cipher *cipher;
	__u32 place = setup->index;

	cipher = bpf_map_lookup_elem(&ciphers, &place);
	return cipher ? aes_gcm_make(cipher, setup) : 1;
}

INLINE int suite_prepare(struct tunnel_session *session, __u32 slot, struct tunnel_command *command)
{
	struct aes_gcm_setup *setup;
	__u32 zero = 0;

	setup = bpf_map_lookup_elem(&setups, &zero);
	if (!setup)
		return 1;
	__builtin_memset(&session->send, 0, sizeof(session->send));
	__builtin_memset(&session->receive, 0, sizeof(session->receive));
	__builtin_memcpy(setup->driver, command->driver, sizeof(setup->driver));
	__builtin_memcpy(setup->key, command->send_key, sizeof(setup->key));
	setup->index = 2 * slot;
	if (cipher_make(setup))
		return 1;
	__builtin_memcpy(setup->key, command->receive_key, sizeof(setup->key));
	setup->index = 2 * slot + 1;
	return cipher_make(setup);
}

INLINE void suite_forget(struct tunnel_session *session, __u32 slot)
{
	cipher_release(2 * slot);
	cipher_release(2 * slot + 1);
}

INLINE int suite_seal(struct tunnel_session *session, __u32 slot, struct tunnel_work *work)
{
	__u32 place = 2 * slot;
	struct aes_gcm_cipher *cipher = bpf_map_lookup_elem(&ciphers, &place);
	struct ghash_small *tables = bpf_map_lookup_elem(&ghash_tables, &place);

	if (!cipher || !tables)
		return AEAD_NO_CIPHER;
	return aes_gcm_seal(cipher, &session->send.usage, GHASH_SMALL, tables, &work->suite,
			    &work->message);
}

INLINE int suite_open(struct tunnel_session *session, __u32 slot, struct tunnel_work *work)
{
	__u32 place = 2 * slot + 1;
	struct aes_gcm_cipher *cipher = bpf_map_lookup_elem(&ciphers, &place);
	struct ghash_small *tables = bpf_map_lookup_elem(&ghash_tables, &place);

	if (!cipher || !tables)
		return AEAD_NO_CIPHER;
	return aes_gcm_open(cipher, &session->receive.usage, GHASH_SMALL, tables, &work->suite,
			    &work->message);
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
