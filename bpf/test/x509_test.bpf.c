// SPDX-License-Identifier: GPL-2.0-only
/*
 * lib/x509.h by itself, for BPF_PROG_TEST_RUN: each run reads the next certificate of an array, so
 * that one test run with repeat goes through many. Hook: TC. Minimum kernel: 6.1.
 */
#define MESSAGE_HEAD_MAX   1408
#define MESSAGE_LENGTH_MAX 1408

#include "../lib/x509.h"

char _license[] SEC("license") = "GPL";

struct x509_case {
	struct x509 certificate;
	__u32 reason;
	__u32 length;
	struct message message;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct x509_case);
} cases SEC(".maps");

struct x509_case *unused_case __attribute__((unused));
enum x509_extension unused_extension __attribute__((unused));

__u32 next_case;

SEC("tc")
int x509_test(struct __sk_buff *ctx)
{
	__u32 index = next_case;
	struct x509_case *c = bpf_map_lookup_elem(&cases, &index);

	if (!c)
		return 1;
	next_case = index + 1;
	c->reason = x509_parse(&c->message, &c->certificate, 0, c->length);
	return 0;
}
