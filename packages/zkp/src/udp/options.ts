import type { KeepOptions, Kept, ReachOptions } from '@cryptbpf/core/gate-udp';
import type { ZkpError } from '../client/errors.js';
import type { Prover } from '../client/prover.js';

export interface AccessOptions extends ReachOptions {
  /** The gate's control port, default 22307. */
  port?: number;
  /** Answers the gate's challenge. */
  prover: Prover;
}

/** An admission by a gate. */
export interface Access {
  /** Seconds for which the source is admitted from now. */
  lifetime: number;
  /** Seconds from now after which a client that stays should prove again. */
  renewAfter: number;
  /** The own address as the gate saw it, the one that is admitted. */
  source: string;
  /** The gate's address that admitted it: to use another of the host's addresses may need another proof. */
  address: string;
}

export type KeepAccessOptions = AccessOptions & KeepOptions<Access, ZkpError>;

/** An admission that is renewed in the background. */
export type KeptAccess = Kept<Access>;
