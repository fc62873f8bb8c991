/* SPDX-License-Identifier: GPL-2.0-only */
/* What the headers of both suites say. */
#pragma once

#include "../tunnel.h"
#include "common.h"

/* An enum tunnel_message; 0: no header of the suite. */
INLINE int wireguard_header_type(const struct wireguard_header *header)
{
	return header->type <= TUNNEL_DATA ? header->type : 0;
}

INLINE __u32 wireguard_header_receiver(const struct wireguard_header *header)
{
	return header->receiver;
}

INLINE __u64 wireguard_header_counter(const struct wireguard_header *header)
{
	return header->counter;
}

INLINE int tunnel_header_type(const struct tunnel_header *header)
{
	if (header->magic != bpf_htonl(TUNNEL_MAGIC) || header->version != TUNNEL_VERSION ||
	    header->reserved)
		return 0;
	return header->type <= TUNNEL_DATA ? header->type : 0;
}

INLINE __u32 tunnel_header_receiver(const struct tunnel_header *header)
{
	return bpf_ntohl(header->receiver);
}

INLINE __u64 tunnel_header_counter(const struct tunnel_header *header)
{
	return bpf_be64_to_cpu(header->counter);
}
