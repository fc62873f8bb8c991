import type { FeatureName } from '@cryptbpf/core';
import type { Finding } from './finding.js';

export interface Verdict {
  readonly feature: string;
  readonly verdict: string;
  readonly works: boolean;
  /** The command that mends it, where one does. */
  readonly fix?: string;
}

interface Needs {
  readonly since: string;
  readonly needs: readonly FeatureName[];
  /** What it can do without, and what is missing then. */
  readonly without?: Partial<Record<string, string>>;
  /** Where it does not need all of CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON. */
  readonly capabilities?: readonly string[];
}

const ALL_CAPABILITIES = ['CAP_BPF', 'CAP_NET_ADMIN', 'CAP_PERFMON'];
const NEWER_KERNEL = 'apt-get install linux-image-amd64, or boot a newer kernel';
const AS_ROOT = 'run it as root, or give it that capability: see docs/deploy.md';

const XDP: Needs = { since: '6.1', needs: ['program:xdp', 'map:ringbuf'] };
const TC: Needs = { since: '6.1', needs: ['program:tc', 'map:ringbuf'] };

const NEEDS: Readonly<Record<string, Needs>> = {
  pow: XDP,
  'signed-auth': XDP,
  zkp: TC,
  pki: TC,
  cas: XDP,
  offload: { ...XDP, needs: [...XDP.needs, 'program:syscall'] },
  logger: {
    since: '6.1',
    needs: ['program:raw_tracepoint', 'program:syscall', 'map:ringbuf'],
    capabilities: ['CAP_BPF', 'CAP_PERFMON'],
    without: { CONFIG_FUNCTION_TRACER: 'events accept, credentials and bpf (CONFIG_FUNCTION_TRACER)' },
  },
  tunnel: {
    since: '6.1',
    needs: ['program:tc', 'map:ringbuf'],
    without: { 'kfunc:bpf_crypto_encrypt': 'suite aes-256-gcm (Linux 6.10)' },
  },
};

export const judged = Object.keys(NEEDS);

export function judge(feature: string, findings: readonly Finding[]): Verdict {
  const needs = NEEDS[feature]!;
  const stateOf = (what: string) => findings.find((finding) => finding.what === what)?.state;
  const refused = cannot(needs, stateOf);
  if (refused) return { feature, works: false, ...refused };
  const without = Object.entries(needs.without ?? {}).flatMap(([what, lost]) =>
    stateOf(what) === 'missing' ? (lost ?? []) : [],
  );
  if (without.length > 0)
    return { feature, verdict: `works, without ${without.join(', ')}`, works: true, fix: NEWER_KERNEL };
  if (stateOf('bpffs') !== 'ok')
    return { feature, verdict: 'works, without pins', works: true, fix: 'mount -t bpf bpf /sys/fs/bpf' };
  return { feature, verdict: 'works', works: true };
}

type StateOf = (what: string) => Finding['state'] | undefined;

function cannot({ since, needs, capabilities = ALL_CAPABILITIES }: Needs, stateOf: StateOf) {
  const lacking = capabilities.filter((name) => stateOf(name) !== 'ok');
  if (lacking.length > 0) return { verdict: `needs ${lacking.join(', ')}`, fix: AS_ROOT };
  if (stateOf('libbpf') !== 'ok')
    return { verdict: 'needs libbpf 1.1 or newer', fix: 'apt-get install libbpf1' };
  if (stateOf('BTF') !== 'ok') return { verdict: 'needs a kernel with BTF', fix: NEWER_KERNEL };
  const missing = needs.filter((name) => stateOf(name) !== 'ok');
  if (missing.length > 0)
    return { verdict: `needs Linux ${since}: no ${missing.join(', ')}`, fix: NEWER_KERNEL };
  return undefined;
}
