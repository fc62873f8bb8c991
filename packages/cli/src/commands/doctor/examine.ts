import { release } from 'node:os';
import type { FeatureName } from '@cryptbpf/core';
import { core } from '../../packages.js';
import { type Finding, file, mount, textAt } from './finding.js';
import { configFindings } from './kernel-config.js';

type Features = Awaited<ReturnType<typeof core>>['features'];

const BPF_FS_MAGIC = 0xcafe4a11;
const TRACEFS_MAGIC = 0x74726163;

/** Numbers from linux/capability.h. */
const CAPABILITIES = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21, CAP_PERFMON: 38, CAP_BPF: 39 } as const;

/** Functions that only some kernels have, and what for. */
const KFUNCS = ['bpf_crypto_encrypt', 'bpf_crypto_decrypt'] as const;

/** What this machine has, for all features. */
export async function examine(): Promise<Finding[]> {
  const { features, libbpfVersion } = await core();
  return [
    { what: 'kernel', state: 'ok', detail: release() },
    libbpf(libbpfVersion),
    file(
      'BTF',
      '/sys/kernel/btf/vmlinux',
      'types of the kernel',
      'boot a kernel built with CONFIG_DEBUG_INFO_BTF',
    ),
    ...Object.entries(CAPABILITIES)
      .filter(([name]) => name !== 'CAP_SYS_ADMIN')
      .map(([name, bit]) => capability(name, bit)),
    memlock(),
    mount('bpffs', '/sys/fs/bpf', BPF_FS_MAGIC, 'mount -t bpf bpf /sys/fs/bpf'),
    mount('tracefs', '/sys/kernel/tracing', TRACEFS_MAGIC, 'mount -t tracefs tracefs /sys/kernel/tracing'),
    jit(),
    ...configFindings(),
    ...[...features.names, ...KFUNCS.map((name) => `kfunc:${name}` as const)].map((name) =>
      probed(name, features),
    ),
  ];
}

function libbpf(version: () => string): Finding {
  const what = 'libbpf';
  try {
    return { what, state: 'ok', detail: version() };
  } catch (error) {
    return { what, state: 'missing', detail: (error as Error).message, fix: 'apt-get install libbpf1' };
  }
}

/** CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON. */
function capability(what: string, bit: number): Finding {
  const [, mask = '0'] = /^CapEff:\s*([0-9a-f]+)/m.exec(textAt('/proc/self/status') ?? '') ?? [];
  const has = (wanted: number) => ((BigInt(`0x${mask}`) >> BigInt(wanted)) & 1n) === 1n;
  if (has(bit) || (bit !== CAPABILITIES.CAP_NET_ADMIN && has(CAPABILITIES.CAP_SYS_ADMIN)))
    return { what, state: 'ok', detail: 'this process has it' };
  const detail = 'this process lacks it';
  return { what, state: 'missing', detail, fix: 'run this as root: sudo cryptbpf doctor' };
}

/** Since Linux 5.11, memory of BPF counts to the cgroup. */
function memlock(): Finding {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  if (major > 5 || (major === 5 && minor >= 11))
    return { what: 'memlock', state: 'ok', detail: 'is no limit for BPF since Linux 5.11' };
  const [, limit = '?'] = /^Max locked memory\s+(\S+)/m.exec(textAt('/proc/self/limits') ?? '') ?? [];
  return limit === 'unlimited'
    ? { what: 'memlock', state: 'ok', detail: limit }
    : { what: 'memlock', state: 'missing', detail: `${limit} bytes`, fix: 'ulimit -l unlimited' };
}

function jit(): Finding {
  const path = '/proc/sys/net/core/bpf_jit_enable';
  const setting = textAt(path)?.trim();
  if (setting === undefined) return { what: 'JIT', state: 'unknown', detail: `${path} cannot be read` };
  return setting === '0'
    ? {
        what: 'JIT',
        state: 'missing',
        detail: 'programs are interpreted, many times slower',
        fix: 'sysctl -w net.core.bpf_jit_enable=1',
      }
    : { what: 'JIT', state: 'ok', detail: 'programs are compiled' };
}

function probed(name: FeatureName, features: Features): Finding {
  const { availability, minimumKernel, reason } = features.probe(name);
  const since = minimumKernel === undefined ? '' : ` (Linux ${minimumKernel})`;
  const state = availability === 'yes' ? 'ok' : availability === 'no' ? 'missing' : 'unknown';
  return { what: name, state, detail: state === 'ok' ? `there${since}` : `${reason}${since}` };
}
