import type { ReachOptions } from '@cryptbpf/core/gate-udp';
import type { SolveOptions } from '../client/solve.js';

export interface AccessOptions
  extends ReachOptions,
    Pick<SolveOptions, 'onProgress' | 'workers' | 'maxDifficulty'> {
  /** The gate's control port, default 22305. */
  port?: number;
  /** Milliseconds for everything, name resolution and search included. Default 30,000. */
  timeout?: number;
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
