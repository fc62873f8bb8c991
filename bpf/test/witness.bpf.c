// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the IPv4 packets that an interface hands to the network stack: the demo's proof, which
 * does not depend on the gate's own counters, of what gets past a gate in XDP.
 */
#include <linux/if_ether.h>
#include "../lib/common.h"

char _license[] SEC("license") = "GPL";

#define TC_NEXT (-1)

__u64 seen;

SEC("tc")
int witness(struct __sk_buff *skb)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		__sync_fetch_and_add(&seen, 1);
	return TC_NEXT;
}
