/**
 * Proof-of-work rate limiting in XDP.
 *
 * A source reaches the protected ports after it has solved a puzzle that the kernel gave it and the kernel checks;
 * until then its packets are dropped at the driver, before a socket or a TLS handshake exists.
 *
 * @packageDocumentation
 */
import { type Admission, ChainSlot, Gate, type GateFeature, type GateOptions } from '@cryptbpf/core';
import { openPow } from './pow.gen.js';

export {
  type Admission,
  type AdmittedSource,
  BpfError,
  type BpfErrorCode,
  type GateEventRecord,
  type GateOptions,
  type GateSettings,
  type ProtectedPort,
  type Range,
  type Rate,
  type ReasonCount,
  type ReasonName,
  type SharedSecret,
  VerifierError,
} from '@cryptbpf/core';

const PROOF_BYTES = 16;

const FEATURE: GateFeature = {
  name: 'pow',
  open: () => openPow(new URL('./pow.bpf.o', import.meta.url)),
  program: 'pow_gate',
  hook: { kind: 'xdp', slot: ChainSlot.CHAIN_POW },
  magic: 0x504f5721,
};

/** What `solve` of @cryptbpf/pow/client found, with the challenge that it was given. */
export interface Solution {
  /** 32 bytes. */
  challenge: Uint8Array;
  nonce: bigint;
}

/**
 * A proof-of-work gate on one or more interfaces. Minimum kernel 6.1. Needs root, or CAP_BPF,
 * CAP_NET_ADMIN and CAP_PERFMON.
 *
 * ```ts
 * const gate = await PowGate.attach({ interface: 'eth0', ports: [443], confirmWithin: 60 });
 * console.log(gate.stats().DROP_NOT_ADMITTED);
 * gate.confirm();
 * ```
 */
export class PowGate extends Gate {
  private constructor(options: GateOptions) {
    super(FEATURE, options);
  }

  /**
   * Brings the gate up, or takes over the one that an earlier controller left, with whom it has admitted. Throws
   * ERR_BAD_OPTION, ERR_BAD_ADDRESS, ERR_NO_INTERFACE, ERR_BUSY, ERR_PERMISSION, ERR_NO_BPFFS, ERR_INCOMPATIBLE,
   * ERR_NO_LIBBPF, VerifierError.
   */
  static async attach(options: GateOptions): Promise<PowGate> {
    return new PowGate(options);
  }

  /**
   * Hands in a solution for the peer at address, for whom challengeFor() gave the challenge: a web application
   * does so for browsers, which cannot send UDP. The address must be the one that the gate will see.
   */
  admit(address: string, { challenge, nonce }: Solution): Admission {
    const proof = new Uint8Array(PROOF_BYTES);
    new DataView(proof.buffer).setBigUint64(0, nonce, true);
    return this.admitProof(address, challenge, proof);
  }
}
