/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the sealed log consists of: docs/protocols.md has it byte by byte. Headers are big endian;
 * what is sealed is little endian, as programs write it.
 */
#pragma once

#include "lib/common.h"

#define LOG_PATH_MAX	 256
#define LOG_ARGV_MAX	 1024
#define LOG_COMM_BYTES	 16
#define LOG_MODULE_BYTES 56

enum log_wire {
	LOG_MAGIC = 0x4c47,
	LOG_VERSION = 1,
	LOG_HEADER_BYTES = 24,
	LOG_TAG_BYTES = 16,
	LOG_CONTROLLER = 0xffff, /* the CPU of what the controller says */
	LOG_LEVELS = 4,		 /* streams of a CPU: programs that interrupt one another */
};

enum log_frame {
	LOG_FRAME_EPOCH = 1, /* begins an epoch: its secret, sealed to the recipient */
	LOG_FRAME_RECORD = 2,
};

/* In clear before each record, and authenticated with it. */
struct log_header {
	__be16 magic;
	__u8 version;
	__u8 frame;
	__be16 length; /* of what follows, with its tag */
	__be16 cpu;
	__be32 epoch;
	__u8 level;
	__u8 reserved[3];
	__be64 sequence; /* in this stream (cpu, level) and epoch */
};

enum log_type {
	LOG_OPEN = 1,  /* the controller, as JSON: what begins */
	LOG_BEAT = 2,  /* nothing was lost up to here but what is counted */
	LOG_CLOSE = 3, /* the last of its stream and epoch */
	LOG_NOTE = 4,  /* the controller, as JSON */
	LOG_EXEC = 16,
	LOG_EXIT = 17,
	LOG_CONNECT = 18,
	LOG_ACCEPT = 19,
	LOG_CREDENTIALS = 20,
	LOG_MODULE = 21,
	LOG_BPF = 22,
};

/* Why an event was not recorded. */
enum log_cause {
	LOG_LOST_RING = 0,   /* the ring was full */
	LOG_LOST_NESTED = 1, /* more programs interrupted one another than there are streams */
	LOG_LOST_KEY = 2,    /* the CPU had no key yet, or its key was used up */
	LOG_LOST_TREE = 3,   /* a child that the filter by tree had no room for: not followed */
	LOG_CAUSES = 4,
};

/* Every record begins with it. */
struct log_prefix {
	__u64 time_ns;		/* boot clock */
	__u64 lost[LOG_CAUSES]; /* on this CPU, since the programs were attached */
	__u32 type;
	__u32 length; /* of what follows; zeros fill up to a multiple of 16 */
};

/* Who did it: first in all events. */
struct log_process {
	__u64 cgroup;
	__u64 started_ns; /* boot clock */
	__u32 pid;
	__u32 ppid;
	__u32 uid;
	__u32 gid;
	__u32 euid;
	__u32 egid;
	__u32 loginuid; /* 2^32 - 1: none, or the kernel has none */
	__u32 session;
	__u8 comm[LOG_COMM_BYTES];
};

/* The path, its zero, and then the arguments, a zero after each, as far as there is room. */
struct log_exec {
	__u32 path_length;
	__u32 argv_length;
	__u32 argv_whole; /* its length in the process */
	__u32 reserved;
};

struct log_exit {
	__u64 duration_ns;
	__u32 code;   /* of exit() */
	__u32 signal; /* that ended it; 128 more: and left a core */
};

/* A connection of TCP, as its process has it: ports in the order of the machine. */
struct log_connection {
	__u32 network; /* its namespace's inode */
	__u16 family;  /* of the socket: 2 IPv4, 10 IPv6 */
	__u16 local_port;
	__u16 remote_port;
	__u16 reserved;
	__u8 local[16]; /* IPv4 as ::ffff:192.0.2.1 */
	__u8 remote[16];
};

/* What a process becomes; what it was is in the log_process. */
struct log_credentials {
	__u64 permitted; /* capabilities, bit by number */
	__u64 effective;
	__u64 permitted_before;
	__u64 effective_before;
	__u32 uid;
	__u32 gid;
	__u32 euid;
	__u32 egid;
	__u32 suid;
	__u32 sgid;
};

struct log_module {
	__u64 taints; /* bits as in /sys/module/NAME/taint */
	__u8 name[LOG_MODULE_BYTES];
};

struct log_bpf {
	__u32 id;
	__u32 type;	    /* enum bpf_prog_type */
	__u32 attach;	    /* enum bpf_attach_type that it was loaded for */
	__u32 instructions; /* as the kernel runs it */
	__u8 tag[8];
	__u8 name[16];
};

struct log_stat {
	__u64 epoch;
	__u64 sequence; /* of the next record */
	__u64 records;
	__u64 bytes;
};

struct log_losses {
	__u64 count[LOG_CAUSES];
};

/* The first key of a stream's next epoch. */
struct log_chain {
	__u64 epoch; /* 0: none is waiting */
	__u8 key[32];
};

/* Brings them into BTF. */
enum log_wire unused_log_wire __attribute__((unused));
enum log_frame unused_log_frame __attribute__((unused));
enum log_type unused_log_type __attribute__((unused));
enum log_cause unused_log_cause __attribute__((unused));
struct log_prefix *unused_log_prefix __attribute__((unused));
struct log_process *unused_log_process __attribute__((unused));
struct log_exec *unused_log_exec __attribute__((unused));
struct log_exit *unused_log_exit __attribute__((unused));
struct log_connection *unused_log_connection __attribute__((unused));
struct log_credentials *unused_log_credentials __attribute__((unused));
struct log_module *unused_log_module __attribute__((unused));
struct log_bpf *unused_log_bpf __attribute__((unused));
