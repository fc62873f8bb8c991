export interface ReachOptions {
  /** Name or address of the gate. */
  host: string;
  /** The gate's control port. */
  port?: number;
  /** Only IPv4 or only IPv6 addresses of the host. Default: both, in the resolver's order. */
  family?: 4 | 6;
  /** The own address to ask from, and so the one that is admitted. */
  localAddress?: string;
  signal?: AbortSignal;
  /** Milliseconds for everything, name resolution included. Default 30,000. */
  timeout?: number;
  /** How often a message without an answer is sent again, 0 to 16. Default 5: about 16 seconds. */
  retries?: number;
}

export type ResolvedReach<Options extends ReachOptions = ReachOptions> = Options &
  Required<Pick<ReachOptions, 'port' | 'timeout' | 'retries'>>;

/** Checks the numbers and fills in the defaults. @throws TypeError, RangeError */
export function resolveReach<Options extends ReachOptions>(
  options: Options,
  defaultPort: number,
): ResolvedReach<Options> {
  if (typeof options.host !== 'string' || options.host === '') {
    throw new TypeError(`host is ${JSON.stringify(options.host)}, expected a name or an address`);
  }
  return {
    ...options,
    port: integer('port', options.port ?? defaultPort, 1, 65535),
    timeout: integer('timeout', options.timeout ?? 30_000, 1, 2 ** 31 - 1),
    retries: integer('retries', options.retries ?? 5, 0, 16),
  };
}

function integer(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${name} is ${value}, expected an integer from ${min} to ${max}`);
}
