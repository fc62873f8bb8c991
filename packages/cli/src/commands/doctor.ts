import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { release } from 'node:os';
import type { FeatureName } from '@cryptbpf/core';
import type { Command } from 'commander';
import { Exit } from '../failure.js';
import { core } from '../packages.js';
import { printJson, printTable } from '../print.js';

type Features = typeof import('@cryptbpf/core').features;

interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'missing' | 'unknown';
  readonly detail: string;
  /** The command that mends it. */
  readonly fix?: string;
}

interface Verdict {
  readonly feature: string;
  readonly verdict: string;
  readonly works: boolean;
}

const BPF_FS_MAGIC = 0xcafe4a11;
const TRACEFS_MAGIC = 0x74726163;

/** Numbers from linux/capability.h. */
const CAPABILITIES = { CAP_NET_ADMIN: 12, CAP_SYS_ADMIN: 21, CAP_PERFMON: 38, CAP_BPF: 39 } as const;

/** What each package needs of the kernel, and what it can do without. */
const NEEDS: Record<string, { needs: FeatureName[]; since: string; without?: [FeatureName, string] }> = {
  pow: { needs: ['program:xdp', 'map:ringbuf'], since: '6.1' },
  'signed-auth': { needs: ['program:xdp', 'map:ringbuf'], since: '6.1' },
  cas: { needs: ['program:xdp', 'map:ringbuf'], since: '6.1' },
  offload: { needs: ['program:xdp', 'program:syscall', 'map:ringbuf'], since: '6.1' },
  zkp: { needs: ['program:tc', 'map:ringbuf'], since: '6.1' },
  pki: { needs: ['program:tc', 'map:ringbuf'], since: '6.1' },
  logger: { needs: ['program:raw_tracepoint', 'map:ringbuf'], since: '6.1' },
  tunnel: {
    needs: ['program:tc', 'program:xdp'],
    since: '6.1',
    without: ['kfunc:bpf_crypto_encrypt', 'suite aes-256-gcm (Linux 6.10)'],
  },
};

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('What this machine can do, and the command that mends what it cannot.')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const findings = examine((await core()).features);
      const verdicts = Object.keys(NEEDS).map((feature) => judge(feature, findings));
      if (json) printJson({ kernel: release(), findings, features: verdicts });
      else print(findings, verdicts);
      if (!verdicts.some(({ works }) => works)) process.exitCode = Exit.UNABLE;
    });
}

function print(findings: readonly Finding[], verdicts: readonly Verdict[]): void {
  printTable(findings.map(({ what, state, detail }) => [state, what, detail]));
  const fixes = findings.filter(({ fix }) => fix);
  if (fixes.length > 0) console.log('\nTo mend it:');
  for (const { fix } of fixes) console.log(`  ${fix}`);
  console.log();
  printTable(verdicts.map(({ feature, verdict }) => [feature, verdict]));
}

function examine(features: Features): Finding[] {
  return [
    { what: 'kernel', state: 'ok', detail: release() },
    file(
      'BTF',
      '/sys/kernel/btf/vmlinux',
      'types of the kernel',
      'boot a kernel built with CONFIG_DEBUG_INFO_BTF',
    ),
    ...Object.entries(CAPABILITIES)
      .filter(([name]) => name !== 'CAP_SYS_ADMIN')
      .map(([name, bit]) => capability(name, bit)),
    mount('bpffs', '/sys/fs/bpf', BPF_FS_MAGIC, 'mount -t bpf bpf /sys/fs/bpf'),
    mount('tracefs', '/sys/kernel/tracing', TRACEFS_MAGIC, 'mount -t tracefs tracefs /sys/kernel/tracing'),
    jit(),
    ...[...features.names, 'kfunc:bpf_crypto_encrypt' as const].map((name) => probed(name, features)),
  ];
}

function file(what: string, path: string, detail: string, fix: string): Finding {
  return existsSync(path)
    ? { what, state: 'ok', detail }
    : { what, state: 'missing', detail: `no ${path}`, fix };
}

/** CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON. */
function capability(what: string, bit: number): Finding {
  const [, mask = '0'] = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const has = (wanted: number) => ((BigInt(`0x${mask}`) >> BigInt(wanted)) & 1n) === 1n;
  if (has(bit) || (bit !== CAPABILITIES.CAP_NET_ADMIN && has(CAPABILITIES.CAP_SYS_ADMIN)))
    return { what, state: 'ok', detail: 'this process has it' };
  return {
    what,
    state: 'missing',
    detail: 'this process lacks it',
    fix: 'run this as root: sudo cryptbpf doctor',
  };
}

function mount(what: string, path: string, magic: number, fix: string): Finding {
  const isMounted = existsSync(path) && statfsSync(path).type === magic;
  return isMounted
    ? { what, state: 'ok', detail: path }
    : { what, state: 'missing', detail: `not at ${path}`, fix };
}

function jit(): Finding {
  const path = '/proc/sys/net/core/bpf_jit_enable';
  const fix = 'sysctl -w net.core.bpf_jit_enable=1';
  try {
    const isOn = readFileSync(path, 'utf8').trim() !== '0';
    return isOn
      ? { what: 'JIT', state: 'ok', detail: 'programs are compiled' }
      : { what: 'JIT', state: 'missing', detail: 'programs are interpreted, many times slower', fix };
  } catch {
    return { what: 'JIT', state: 'unknown', detail: `${path} cannot be read` };
  }
}

function probed(name: FeatureName, features: Features): Finding {
  const { availability, minimumKernel, reason } = features.probe(name);
  const since = minimumKernel === undefined ? '' : ` (Linux ${minimumKernel})`;
  const state = availability === 'yes' ? 'ok' : availability === 'no' ? 'missing' : 'unknown';
  return { what: name, state, detail: state === 'ok' ? `there${since}` : `${reason}${since}` };
}

function judge(feature: string, findings: readonly Finding[]): Verdict {
  const { needs, since, without } = NEEDS[feature]!;
  const state = (what: string) => findings.find((finding) => finding.what === what)?.state;
  const capabilities = ['CAP_BPF', 'CAP_NET_ADMIN', 'CAP_PERFMON'].filter((name) => state(name) !== 'ok');
  if (capabilities.length > 0) return { feature, verdict: `needs ${capabilities.join(', ')}`, works: false };
  if (state('BTF') !== 'ok') return { feature, verdict: 'needs a kernel with BTF', works: false };
  const missing = needs.filter((name) => state(name) !== 'ok');
  if (missing.length > 0)
    return { feature, verdict: `needs Linux ${since}: no ${missing.join(', ')}`, works: false };
  if (without && state(without[0]) !== 'ok')
    return { feature, verdict: `works, without ${without[1]}`, works: true };
  if (state('bpffs') !== 'ok') return { feature, verdict: 'works, without pins (no bpffs)', works: true };
  return { feature, verdict: 'works', works: true };
}
