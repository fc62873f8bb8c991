import type { KeepOptions, Kept, ReachOptions } from '@cryptbpf/core/gate-udp';
import type { PkiError } from '../client/errors.js';
import type { Holder, HolderOptions } from '../client/holder.js';

export type PresentOptions = ReachOptions & {
  /** The gate's control port, default 22308. */
  port?: number;
} & (HolderOptions | { holder: Holder });

/** Access to the protected ports. */
export interface Access {
  /** Seconds for which the source is admitted from now. */
  lifetime: number;
  /** Seconds from now after which a client that stays should present its certificate again. */
  renewAfter: number;
  /** The own address as the gate saw it, the one that is admitted. */
  source: string;
  /** The gate's address that admitted it: to use another of the host's addresses may need another presentation. */
  address: string;
}

export type KeepAccessOptions = PresentOptions & KeepOptions<Access, PkiError>;

/** Access that is renewed in the background. */
export type KeptAccess = Kept<Access>;
