/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which events are recorded. Each filter that is on has to let a process through. They are asked
 * before anything is read or claimed: what is not wanted costs a few look-ups.
 */
#pragma once

#include "log_task.h"

#define LOG_CGROUP_DEPTH 32 /* levels that are looked at */
#define LOG_PREFIX_BYTES 64

struct log_filter {
	__u64 events;	     /* bit n: log_type n is recorded */
	__u32 cgroup_levels; /* bit n: log_cgroups has one of level n */
	__u32 sample;	     /* one process of so many; 0: all */
	bool by_cgroup;
	bool by_uid;
	bool by_tree;
	bool by_comm;
	bool by_path;
	__u8 reserved[3];
};

struct log_comm {
	__u8 bytes[LOG_COMM_BYTES];
};

struct log_path {
	__u32 bits;
	__u8 bytes[LOG_PREFIX_BYTES];
};

/* Nothing, until the controller says what. */
volatile struct log_filter log_filter;

/* Ids of cgroups: they and all below them */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u8);
} log_cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u8);
} log_uids SEC(".maps");

/* Processes of the trees: children are added when they are forked, and go when they exit. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u8);
} log_tree SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct log_comm);
	__type(value, __u8);
} log_comms SEC(".maps");

/* Beginnings of paths of executables */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct log_path);
	__type(value, __u8);
} log_paths SEC(".maps");

INLINE bool log_in_cgroup(void)
{
	__u32 levels = log_filter.cgroup_levels;

	for (int level = 0; level < LOG_CGROUP_DEPTH; level++) {
		__u64 id;

		if (!(levels >> level & 1))
			continue;
		id = bpf_get_current_ancestor_cgroup_id(level);
		if (!id) /* deeper than it is */
			break;
		if (bpf_map_lookup_elem(&log_cgroups, &id))
			return true;
	}
	return false;
}

INLINE bool log_in_tree(__u32 process)
{
	return bpf_map_lookup_elem(&log_tree, &process);
}

INLINE bool log_has_uid(void)
{
	__u32 uid = bpf_get_current_uid_gid();

	return bpf_map_lookup_elem(&log_uids, &uid);
}

INLINE bool log_has_comm(void)
{
	struct log_comm comm = {};

	bpf_get_current_comm(comm.bytes, sizeof(comm.bytes));
	return bpf_map_lookup_elem(&log_comms, &comm);
}

/* By process, so that all events of one are recorded or none. */
INLINE bool log_is_sampled(__u32 process)
{
	__u32 sample = log_filter.sample;

	return !sample || (process * 0x9e3779b1U >> 8) % sample == 0;
}

/* Of the current process. */
INLINE bool log_wants(enum log_type type)
{
	__u32 process = bpf_get_current_pid_tgid() >> 32;

	return (log_filter.events >> type & 1) && log_is_sampled(process) &&
	       (!log_filter.by_tree || log_in_tree(process)) &&
	       (!log_filter.by_uid || log_has_uid()) && (!log_filter.by_comm || log_has_comm()) &&
	       (!log_filter.by_cgroup || log_in_cgroup());
}

/* A stream for an event that is wanted. */
INLINE struct log_stream *log_claim_for(enum log_type type)
{
	return log_wants(type) ? log_claim() : NULL;
}

INLINE bool log_wants_path(const char *name)
{
	struct log_path path = {.bits = LOG_PREFIX_BYTES * 8};

	if (!log_filter.by_path)
		return true;
	bpf_probe_read_kernel_str(path.bytes, sizeof(path.bytes), name);
	return bpf_map_lookup_elem(&log_paths, &path);
}

/* A child of a process in a tree is in it, too. */
INLINE void log_follow(__u32 parent, __u32 child)
{
	__u8 value = 1;

	if (parent == child || !log_in_tree(parent)) /* a thread, or not ours */
		return;
	if (bpf_map_update_elem(&log_tree, &child, &value, BPF_ANY))
		log_count_lost(bpf_get_smp_processor_id(), LOG_LOST_TREE);
}

INLINE void log_unfollow(__u32 process)
{
	if (log_filter.by_tree)
		bpf_map_delete_elem(&log_tree, &process);
}
