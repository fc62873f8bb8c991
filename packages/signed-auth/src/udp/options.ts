import type { KeepOptions, Kept, ReachOptions } from '@cryptbpf/core/gate-udp';
import type { SignedAuthError } from '../client/errors.js';
import type { Signer } from '../client/signer.js';

export interface KnockOptions extends ReachOptions {
  /** The gate's control port, default 22306. */
  port?: number;
  /** Signs the knock. */
  signer: Signer;
}

/** Access to the protected TCP ports. */
export interface Access {
  /** Seconds for which the source is admitted from now. */
  lifetime: number;
  /** Seconds from now after which a client that stays should knock again. */
  renewAfter: number;
  /** The own address as the gate saw it, the one that is admitted. */
  source: string;
  /** The gate's address that admitted it: to use another of the host's addresses may need another knock. */
  address: string;
}

export type KeepOpenOptions = KnockOptions & KeepOptions<Access, SignedAuthError>;

/** Access that is renewed in the background. */
export type KeptOpen = Kept<Access>;

export interface SignedSocketOptions {
  signer: Signer;
  /** Default udp4. */
  type?: 'udp4' | 'udp6';
  /** The own address to send from. Default: the system's choice. */
  localAddress?: string;
  /** The own port, default any. */
  localPort?: number;
  /** The gates' control port, default 22306. */
  controlPort?: number;
  /** Whether to ask for a session after the first packets to an address. Default true. */
  session?: boolean;
  /** Milliseconds for which a cookie is sent along, default 25,000: below the gate's challenge lifetime. */
  cookieLifetime?: number;
  /** Closes the socket. */
  signal?: AbortSignal;
}
