/** What is proved: knowledge of a secret that the gate has too, of a private key, or of one of a group's. */
export type ProofKind = 'hash' | 'schnorr' | 'ring';

/** Answers the challenges of one service. */
export interface Prover {
  readonly kind: ProofKind;
  /**
   * The proof for a challenge that a gate gave to `source`, the own address as the gate sees it: text, or its 16
   * bytes. Two proofs for one challenge are good for one admission.
   *
   * @throws TypeError, RangeError
   */
  prove(challenge: Uint8Array, source: string | Uint8Array): Uint8Array;
}
