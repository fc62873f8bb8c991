/** Map types by their number in enum bpf_map_type, without the prefix BPF_MAP_TYPE_. */
const MAP_TYPES = [
  'unspec',
  'hash',
  'array',
  'prog_array',
  'perf_event_array',
  'percpu_hash',
  'percpu_array',
  'stack_trace',
  'cgroup_array',
  'lru_hash',
  'lru_percpu_hash',
  'lpm_trie',
  'array_of_maps',
  'hash_of_maps',
  'devmap',
  'sockmap',
  'cpumap',
  'xskmap',
  'sockhash',
  'cgroup_storage',
  'reuseport_sockarray',
  'percpu_cgroup_storage',
  'queue',
  'stack',
  'sk_storage',
  'devmap_hash',
  'struct_ops',
  'ringbuf',
  'inode_storage',
  'task_storage',
  'bloom_filter',
  'user_ringbuf',
  'cgrp_storage',
  'arena',
] as const;

/** A type that is newer than this package is known by its number alone. */
export type MapType = (typeof MAP_TYPES)[number] | number;

export function mapTypeOf(type: number): MapType {
  return MAP_TYPES[type] ?? type;
}

/** Sections to program types, as in libbpf's section_defs. The first that fits counts. */
const SECTIONS = [
  ['xdp', 'xdp'],
  ['tc', 'tc'],
  ['tcx', 'tc'],
  ['classifier', 'tc'],
  ['action', 'action'],
  ['tracepoint', 'tracepoint'],
  ['tp', 'tracepoint'],
  ['raw_tracepoint', 'raw_tracepoint'],
  ['raw_tp', 'raw_tracepoint'],
  ['raw_tracepoint.w', 'raw_tracepoint_writable'],
  ['raw_tp.w', 'raw_tracepoint_writable'],
  ['syscall', 'syscall'],
  ['kprobe', 'kprobe'],
  ['kretprobe', 'kprobe'],
  ['ksyscall', 'kprobe'],
  ['kretsyscall', 'kprobe'],
  ['uprobe', 'kprobe'],
  ['uretprobe', 'kprobe'],
  ['usdt', 'kprobe'],
  ['tp_btf', 'tracing'],
  ['fentry', 'tracing'],
  ['fexit', 'tracing'],
  ['fmod_ret', 'tracing'],
  ['iter', 'tracing'],
  ['freplace', 'ext'],
  ['lsm', 'lsm'],
  ['lsm_cgroup', 'lsm'],
  ['socket', 'socket_filter'],
  ['sk_lookup', 'sk_lookup'],
  ['sk_reuseport', 'sk_reuseport'],
  ['sk_skb', 'sk_skb'],
  ['sk_msg', 'sk_msg'],
  ['sockops', 'sock_ops'],
  ['flow_dissector', 'flow_dissector'],
  ['netfilter', 'netfilter'],
  ['netkit', 'tc'],
  ['perf_event', 'perf_event'],
  ['struct_ops', 'struct_ops'],
  ['lwt_in', 'lwt_in'],
  ['lwt_out', 'lwt_out'],
  ['lwt_xmit', 'lwt_xmit'],
  ['lwt_seg6local', 'lwt_seg6local'],
  ['cgroup_skb', 'cgroup_skb'],
  ['cgroup', 'cgroup'],
] as const;

/** `unspec` for a section that libbpf would not recognise. */
export type ProgramType = (typeof SECTIONS)[number][1] | 'unspec';

/** The type of the program in `section`: "tracepoint/syscalls/sys_enter_read" is a tracepoint. */
export function programTypeOf(section: string): ProgramType {
  const prefix = section.split('/', 1)[0]!;
  const found = SECTIONS.find(([name]) => name === prefix);
  if (found) return found[1];
  const base = prefix.replace(/\.(s|frags|multi|session)(\.s)?$/, '');
  return SECTIONS.find(([name]) => name === base)?.[1] ?? 'unspec';
}
