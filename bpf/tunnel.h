/* SPDX-License-Identifier: GPL-2.0-only */
/* Wire format of tunnels: see docs/protocols.md. */
#pragma once

#include <linux/types.h>

/* Messages of both suites. All but data are the controller's. */
enum tunnel_message {
	TUNNEL_INITIATION = 1,
	TUNNEL_RESPONSE = 2,
	TUNNEL_COOKIE = 3,
	TUNNEL_DATA = 4,
};

#define TUNNEL_MAGIC   0xDEADBEEF
#define TUNNEL_VERSION 1

/* In front of the text of suite wireguard, little endian. */
struct wireguard_header {
	__u32 type;
	__u32 receiver;
	__u64 counter;
} __attribute__((packed, aligned(4)));

/* In front of the text of suite aes-256-gcm, in network byte order; associated data. */
struct tunnel_header {
	__u32 magic;
	__u8 version;
	__u8 type;
	__u16 reserved;
	__u32 receiver;
	__u64 counter;
} __attribute__((packed, aligned(4)));

_Static_assert(sizeof(struct wireguard_header) == 16, "WireGuard's data header");
_Static_assert(sizeof(struct tunnel_header) == 20, "data header");

/* The text is padded with zeros to a multiple of this, but not beyond the MTU. */
#define TUNNEL_PADDING 16
