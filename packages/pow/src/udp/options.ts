import { DEFAULT_PORT } from '../client/message.js';
import type { Progress } from '../client/progress.js';

export interface AccessOptions {
  /** Name or address of the gate. */
  host: string;
  /** The gate's control port, default 22305. */
  port?: number;
  /** Only IPv4 or only IPv6 addresses of the host. Default: both, in the resolver's order. */
  family?: 4 | 6;
  /** The own address to ask from, and so the one that is admitted. */
  localAddress?: string;
  signal?: AbortSignal;
  /** Milliseconds for everything, name resolution and search included. Default 30,000. */
  timeout?: number;
  /** How often a message without an answer is sent again, 0 to 16. Default 5: about 16 seconds. */
  retries?: number;
  /** Called about ten times a second while the puzzle is searched. */
  onProgress?: (progress: Progress) => void;
  /** Threads to search with, see `solve`. */
  workers?: number;
  /** The hardest puzzle to accept, see `solve`. */
  maxDifficulty?: number;
}

/** An admission by a gate. */
export interface Access {
  /** Seconds for which the source is admitted from now. */
  lifetime: number;
  /** Seconds from now after which a client that stays should ask again. */
  renewAfter: number;
  /** Leading zero bits that the gate asked for. */
  difficulty: number;
  /** The own address as the gate saw it, the one that is admitted. */
  source: string;
  /** The gate's address that admitted it: to use another of the host's addresses may need another request. */
  address: string;
}

export type ResolvedOptions = AccessOptions & Required<Pick<AccessOptions, 'port' | 'timeout' | 'retries'>>;

/** Checks the numbers and fills in the defaults. @throws TypeError, RangeError */
export function resolveOptions(options: AccessOptions): ResolvedOptions {
  if (typeof options.host !== 'string' || options.host === '') {
    throw new TypeError(`host is ${JSON.stringify(options.host)}, expected a name or an address`);
  }
  return {
    ...options,
    port: integer('port', options.port ?? DEFAULT_PORT, 1, 65535),
    timeout: integer('timeout', options.timeout ?? 30_000, 1, 2 ** 31 - 1),
    retries: integer('retries', options.retries ?? 5, 0, 16),
  };
}

function integer(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${name} is ${value}, expected an integer from ${min} to ${max}`);
}
