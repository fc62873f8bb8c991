/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of connections of TCP: one that a process asks for, and one that it accepts. */
#pragma once

#include "log_filter.h"

#define LOG_AF_INET6 10
#define LOG_CLOSED   7 /* states of TCP */
#define LOG_SYN_SENT 2

struct log_address {
	__u8 bytes[16];
};

struct ns_common {
	unsigned int inum;
} KERNEL_STRUCT;

struct net {
	struct ns_common ns;
} KERNEL_STRUCT;

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	possible_net_t skc_net;
	struct log_address skc_v6_daddr;
	struct log_address skc_v6_rcv_saddr;
} KERNEL_STRUCT;

struct sock {
	struct sock_common __sk_common;
} KERNEL_STRUCT;

INLINE void log_map_address(__u8 *to, __be32 address)
{
	__u32 *words = (__u32 *)to;

	words[0] = 0;
	words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = address;
}

INLINE void log_read_addresses(struct log_connection *to, struct sock *sock)
{
	if (bpf_core_field_exists(sock->__sk_common.skc_v6_daddr) && to->family == LOG_AF_INET6) {
		bpf_core_read(to->local, 16, &sock->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(to->remote, 16, &sock->__sk_common.skc_v6_daddr);
	} else {
		log_map_address(to->local, BPF_CORE_READ(sock, __sk_common.skc_rcv_saddr));
		log_map_address(to->remote, BPF_CORE_READ(sock, __sk_common.skc_daddr));
	}
}

/* The local port of a connection that is asked for is 0 unless the process chose one. */
INLINE void log_fill_connection(struct log_stream *stream, struct sock *sock, enum log_type type)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct log_connection *connection = log_payload_of(stream);

	log_begin(stream, task, type, sizeof(*connection));
	connection->network = BPF_CORE_READ(sock, __sk_common.skc_net.net, ns.inum);
	connection->family = BPF_CORE_READ(sock, __sk_common.skc_family);
	connection->local_port = BPF_CORE_READ(sock, __sk_common.skc_num);
	connection->remote_port = bpf_ntohs(BPF_CORE_READ(sock, __sk_common.skc_dport));
	connection->reserved = 0;
	log_read_addresses(connection, sock);
}

INLINE void log_record_connection(struct sock *sock, enum log_type type)
{
	struct log_stream *stream = log_claim_for(type);

	if (!stream)
		return;
	log_fill_connection(stream, sock, type);
	log_finish(stream);
}
