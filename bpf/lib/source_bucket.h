/* SPDX-License-Identifier: GPL-2.0-only */
/* Token buckets of sources, in arrays of a fixed size: strangers allocate nothing. */
#pragma once

#include "packet.h"
#include "siphash.h"
#include "token_bucket.h"

#define SOURCE_BUCKETS 65536

/* keyed hash of a source prefix -> token bucket */
struct source_buckets {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SOURCE_BUCKETS);
	__type(key, __u32);
	__type(value, __u64);
};

/* The key is a secret, so that nobody can aim at another source's bucket. */
INLINE __u64 *source_bucket(struct source_buckets *buckets, const struct siphash_key *key,
			    const struct address *prefix)
{
	const __u64 words[2] = {prefix->high, prefix->low};
	__u32 index = siphash(key, words, 2) % SOURCE_BUCKETS;

	return bpf_map_lookup_elem(buckets, &index);
}
