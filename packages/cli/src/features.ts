import { Exit, Failure } from './failure.js';
import { installed } from './packages.js';
import type { Controller } from './run.js';

export interface FeatureEntry {
  /** Of the package, without its scope. */
  readonly name: string;
  /** The command's name in the Rust demonstration that this project comes from, where it is another one. */
  readonly alias?: string;
  readonly about: string;
  readonly controller: string;
  /** Linux. */
  readonly since: string;
  readonly hook: 'XDP' | 'TC' | 'tracepoints';
}

/** Those with commands of their own. */
export const OTHERS = [
  { name: 'tunnel', alias: 'encrypted-tunnel' },
  { name: 'logger', alias: 'encrypted-logger' },
] as const;

/** Those that attach to interfaces by `attach({ interface, … })`. */
export const FEATURES: readonly FeatureEntry[] = [
  {
    name: 'pow',
    alias: 'crypto-ratelimit',
    about: 'a proof of work before a port opens',
    controller: 'PowGate',
    since: '6.1',
    hook: 'XDP',
  },
  {
    name: 'signed-auth',
    about: 'only packets that a trusted key has signed',
    controller: 'SignedAuth',
    since: '6.1',
    hook: 'XDP',
  },
  {
    name: 'zkp',
    alias: 'zkp-filter',
    about: 'a proof of a secret, or of membership, before a port opens',
    controller: 'ZkpFilter',
    since: '6.1',
    hook: 'TC',
  },
  {
    name: 'pki',
    alias: 'pki-validator',
    about: 'a certificate of your CA before a port opens',
    controller: 'PkiValidator',
    since: '6.1',
    hook: 'TC',
  },
  {
    name: 'cas',
    alias: 'content-verifier',
    about: 'only content that is what its id says',
    controller: 'ContentVerifier',
    since: '6.1',
    hook: 'XDP',
  },
  {
    name: 'offload',
    alias: 'crypto-offload',
    about: 'cryptographic operations as a service',
    controller: 'OffloadManager',
    since: '6.1',
    hook: 'XDP',
  },
];

/** By its name or its alias. Throws Failure. */
export function entryOf(name: string): FeatureEntry {
  const entry = FEATURES.find((each) => each.name === name || each.alias === name);
  if (entry) return entry;
  throw new Failure(
    Exit.USAGE,
    `there is no "${name}" here: there are ${FEATURES.map((each) => each.name).join(', ')}`,
  );
}

type Attach = (options: Record<string, unknown>) => Promise<Controller>;

/** Throws Failure when the package is not installed. */
export async function load({ name, controller }: FeatureEntry): Promise<Attach> {
  const specifier: string = `@cryptbpf/${name}`;
  const module: Record<string, { attach: Attach }> = await installed(name, () => import(specifier));
  return (options) => module[controller]!.attach(options);
}
