import { Exit, Failure } from './failure.js';

/** Of a controller, what all of them have. */
export interface Controller {
  stats(): unknown;
  /** What is pinned stays. */
  close(): unknown;
}

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

type Attach = (options: Record<string, unknown>) => Promise<Controller>;

/** Throws Failure with the one command that helps when the package is not installed. */
export async function load({ name, controller }: FeatureEntry): Promise<Attach> {
  const specifier = `@cryptbpf/${name}`;
  try {
    const module = (await import(specifier)) as Record<string, { attach: Attach }>;
    return (options) => module[controller]!.attach(options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Failure(Exit.UNABLE, `${specifier} is not installed: npm install ${specifier}`, {
      cause: error,
    });
  }
}
