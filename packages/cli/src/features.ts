import type { Gate } from '@cryptbpf/core';
import type { OffloadOptions } from '@cryptbpf/offload';
import type { PkiValidator } from '@cryptbpf/pki';
import { Exit, Failure } from './failure.js';
import { installed } from './packages.js';
import type { Controller } from './run.js';

export interface FeatureEntry<Own extends Controller = Controller> {
  /** Of the package, without its scope. */
  readonly name: string;
  /** The command's name in the Rust demonstration that this project comes from, where it is another one. */
  readonly alias?: string;
  readonly about: string;
  /** Linux. */
  readonly since: string;
  readonly hook: 'XDP' | 'TC' | 'tracepoints';
  /** What attaches it, with options as its shape reads them. Throws Failure when the package is not installed. */
  readonly load: () => Promise<(options: never) => Promise<Own>>;
}

/** Those with commands of their own. */
export const OTHERS = [
  { name: 'tunnel', alias: 'encrypted-tunnel' },
  { name: 'logger', alias: 'encrypted-logger' },
] as const;

const pow: FeatureEntry<Gate> = {
  name: 'pow',
  alias: 'crypto-ratelimit',
  about: 'a proof of work before a port opens',
  since: '6.1',
  hook: 'XDP',
  load: async () => (await installed('pow', () => import('@cryptbpf/pow'))).PowGate.attach,
};

const signedAuth: FeatureEntry<Gate> = {
  name: 'signed-auth',
  about: 'only packets that a trusted key has signed',
  since: '6.1',
  hook: 'XDP',
  load: async () => (await installed('signed-auth', () => import('@cryptbpf/signed-auth'))).SignedAuth.attach,
};

const zkp: FeatureEntry<Gate> = {
  name: 'zkp',
  alias: 'zkp-filter',
  about: 'a proof of a secret, or of membership, before a port opens',
  since: '6.1',
  hook: 'TC',
  load: async () => (await installed('zkp', () => import('@cryptbpf/zkp'))).ZkpFilter.attach,
};

export const pki: FeatureEntry<PkiValidator> = {
  name: 'pki',
  alias: 'pki-validator',
  about: 'a certificate of your CA before a port opens',
  since: '6.1',
  hook: 'TC',
  load: async () => (await installed('pki', () => import('@cryptbpf/pki'))).PkiValidator.attach,
};

const cas: FeatureEntry = {
  name: 'cas',
  alias: 'content-verifier',
  about: 'only content that is what its id says',
  since: '6.1',
  hook: 'XDP',
  load: async () => (await installed('cas', () => import('@cryptbpf/cas'))).ContentVerifier.attach,
};

/** A file, or --hw-available, names the engine. */
export interface OffloadFile extends Omit<OffloadOptions, 'hardware'> {
  readonly hardware?: 'cpu';
}

const offload: FeatureEntry = {
  name: 'offload',
  alias: 'crypto-offload',
  about: 'cryptographic operations as a service',
  since: '6.1',
  hook: 'XDP',
  load: async () => {
    const { CpuEngine, OffloadManager } = await installed('offload', () => import('@cryptbpf/offload'));
    return ({ hardware, ...options }: OffloadFile) =>
      OffloadManager.attach({ ...options, ...(hardware === 'cpu' && { hardware: new CpuEngine() }) });
  },
};

export const GATES: readonly FeatureEntry<Gate>[] = [pow, signedAuth, zkp, pki];

/** Those that attach to interfaces by `attach({ interface, … })`. */
export const FEATURES: readonly FeatureEntry[] = [...GATES, cas, offload];

/** With options that its shape has read. */
export async function attach<Own extends Controller>(
  feature: FeatureEntry<Own>,
  options: Record<string, unknown>,
): Promise<Own> {
  const attachTo = await feature.load();
  return attachTo(options as never);
}

/** By its name or its alias. Throws Failure. */
export function entryOf(name: string): FeatureEntry {
  const entry = find(FEATURES, name);
  if (entry) return entry;
  throw new Failure(Exit.USAGE, `there is no "${name}" here: there are ${listOf(FEATURES)}`);
}

/** Throws Failure for what is no gate, and so has not `what`. */
export function gateOf(name: string, what: string): FeatureEntry<Gate> {
  const entry = find(GATES, name);
  if (entry) return entry;
  throw new Failure(Exit.USAGE, `${name} has no ${what}: ${listOf(GATES)} have`);
}

const find = <T extends FeatureEntry>(among: readonly T[], name: string) =>
  among.find((each) => each.name === name || each.alias === name);
const listOf = (entries: readonly FeatureEntry[]) => entries.map(({ name }) => name).join(', ');
