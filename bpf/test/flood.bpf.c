// SPDX-License-Identifier: GPL-2.0-only
/*
 * The attacker of the demo, run by live frames (BPF_PROG_TEST_RUN): every frame becomes one of a
 * few patterns that user space has prepared, from an address and a port at random, and leaves by
 * the interface that it seems to have come in at.
 */
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include "../lib/common.h"

char _license[] SEC("license") = "GPL";

#define PATTERNS      4
#define FRAME_BYTES   106	  /* of the longest pattern, a message to the gate */
#define FORGED_PREFIX 0xc6120000U /* 198.18.0.0/15, set aside for load tests (RFC 2544) */
#define FORGED_MASK   0x0001ffffU

/* As much of a frame as is forged. */
struct head {
	struct ethhdr eth;
	struct iphdr ip;
	union {
		struct tcphdr tcp;
		struct {
			struct udphdr udp;
			__u32 payload[3];
		};
	};
} __attribute__((packed));

/* Source, port and sequence number are zero, and its checksums right for that. */
struct pattern {
	__u32 length;
	__u32 below; /* of 65536 draws: chosen below this one, and not below that of the pattern
			before */
	__u8 frame[FRAME_BYTES];
	__u8 reserved[2];
};

struct pattern patterns[PATTERNS];

/* The checksum after words that were zero have become what sum adds up to (RFC 1624). */
INLINE __u16 checksum_with(__u16 check, __u32 sum)
{
	sum += (__u16)~check;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

INLINE __u32 words_of(__u32 value)
{
	return (value & 0xffff) + (value >> 16);
}

INLINE struct pattern *draw_pattern(void)
{
	__u32 draw = bpf_get_prandom_u32() & 0xffff;

	for (int i = 0; i < PATTERNS; i++)
		if (draw < patterns[i].below)
			return &patterns[i];
	return NULL;
}

/* UDP: the word lies in the transaction number of a message to the gate. */
INLINE void forge(struct head *f)
{
	__u32 source = bpf_htonl(FORGED_PREFIX | (bpf_get_prandom_u32() & FORGED_MASK));
	__u32 word = bpf_get_prandom_u32();
	__u16 port = bpf_get_prandom_u32() | 0x0400; /* never 0 */
	__u32 sum = words_of(source) + words_of(word) + port;

	f->ip.saddr = source;
	f->ip.check = checksum_with(f->ip.check, words_of(source));
	if (f->ip.protocol == IPPROTO_TCP) {
		f->tcp.source = port;
		f->tcp.seq = word;
		f->tcp.check = checksum_with(f->tcp.check, sum);
	} else {
		f->udp.source = port;
		f->payload[2] = word;
		f->udp.check = checksum_with(f->udp.check, sum);
	}
}

/* Makes the frame a copy of the pattern. The kernel uses frames again, as those who got them left
 * them. */
INLINE bool copy_pattern(struct xdp_md *ctx, struct pattern *pattern)
{
	__u32 length = pattern->length;

	if (length < sizeof(struct head) || length > FRAME_BYTES)
		return false;
	if (bpf_xdp_adjust_tail(ctx, (int)length - (int)bpf_xdp_get_buff_len(ctx)))
		return false;
	return bpf_xdp_store_bytes(ctx, 0, pattern->frame, length) == 0;
}

SEC("xdp")
int flood(struct xdp_md *ctx)
{
	struct pattern *pattern = draw_pattern();
	struct head *head;

	if (!pattern || !copy_pattern(ctx, pattern))
		return XDP_ABORTED;
	head = (void *)(long)ctx->data;
	if ((void *)(head + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	forge(head);
	return XDP_TX;
}
