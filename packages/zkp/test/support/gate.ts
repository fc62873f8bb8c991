import type { BpfObject, ObjectSpec } from '@cryptbpf/core';
import type { PowObject } from '../../../pow/src/pow.gen.js';
import { challengeFor, control, STRANGER4, STRANGER6 } from '../../../pow/test/support/corpus.js';
import { type Feature, type Judged, TestGate } from '../../../pow/test/support/gate.js';
import { proofMessage } from '../../../pow/test/support/messages.js';
import type { Setup } from '../../../pow/test/support/setup.js';
import type { TwinState } from '../../../pow/test/twin/state.js';
import { MAX_MEMBERS } from '../../src/client/group.js';
import { MAGIC, PROOF_LENGTHS } from '../../src/client/message.js';
import type { ProofKind } from '../../src/client/prover.js';
import type { ProversOf } from '../../src/filter.js';
import { hashKind, type Kind, ringKind, schnorrKind } from '../../src/kinds.js';
import type { HashProofs, ProofOptions, RingProofs, SchnorrProofs } from '../../src/options.js';
import type { Check } from '../twin/proofs.js';

/* The programs of proofs, driven by BPF_PROG_TEST_RUN, without their controller, but with its keys and groups. */

export const AUDIENCE = 'service.example';
export const PEERS = { ipv4: STRANGER4, ipv6: STRANGER6 } as const;

/** 32 KiB a table: built quickly, also on an emulated machine. */
const TABLES = { tableWidth: 4 };

const ROOM = {
  hash: {},
  schnorr: { maxKeys: 4, ...TABLES },
  ring: { maxGroups: 3, maxMembers: 32, ...TABLES },
};

export class ZkpGate<Proofs extends ProofOptions> implements Disposable {
  readonly gate: TestGate;
  readonly provers: ProversOf<Proofs>;
  readonly #load: () => Promise<void>;
  #salt = 0n;

  private constructor(proof: Proofs, check: Check, audience: string) {
    const given = { ...ROOM[proof.kind], ...proof };
    const kind = kindOf(given, audience) as unknown as Kind<never>;
    this.gate = new TestGate({}, featureOf(kind, proof.kind, check));
    const object = this.gate.object as unknown as BpfObject<never>;
    this.provers = kind.provers(object as never);
    this.#load = () => kind.load(object as never, this.provers as never);
  }

  static async create<Proofs extends ProofOptions>(
    proof: Proofs,
    check: Check = () => false,
    audience = AUDIENCE,
  ): Promise<ZkpGate<Proofs>> {
    const gate = new ZkpGate(proof, check, audience);
    await gate.#load();
    return gate;
  }

  /** A gate that has admitted nobody, and its twin. */
  reset(setup: Partial<Setup> = {}): TwinState {
    return this.gate.reset({ difficulty: 0, ...setup });
  }

  /** A challenge of this gate, for that source; another one each time. */
  challenge(source: string, changes: Partial<Parameters<typeof challengeFor>[1]> = {}): Uint8Array {
    const issued = this.gate.wallMs() - 1_000n;
    return challengeFor(source, { difficulty: 0, issued, salt: this.#salt++, ...changes });
  }

  /** The frame of a proof. */
  frame(source: string, challenge: Uint8Array, proof: Uint8Array): Uint8Array {
    return control(source, proofMessage(challenge, proof, { magic: MAGIC }));
  }

  judge(source: string, challenge: Uint8Array, proof: Uint8Array): Judged {
    return this.gate.judge(this.frame(source, challenge, proof));
  }

  /** What is counted for it: one reason. */
  verdict(source: string, challenge: Uint8Array, proof: Uint8Array) {
    return this.judge(source, challenge, proof).reasons[0];
  }

  [Symbol.dispose](): void {
    this.gate[Symbol.dispose]();
  }
}

function kindOf(proof: ProofOptions, audience: string) {
  if (proof.kind === 'hash') return hashKind(proof satisfies HashProofs, audience);
  if (proof.kind === 'schnorr') return schnorrKind(proof satisfies SchnorrProofs, audience);
  return ringKind(proof satisfies RingProofs, audience);
}

function featureOf({ feature }: Kind<never>, kind: ProofKind, holds: Check): Feature {
  const proofBytes = PROOF_LENGTHS[kind];
  const more = kind === 'ring' ? { proofBytesMax: proofBytes + 32 * MAX_MEMBERS } : {};
  return {
    object: () => feature.open() as unknown as ObjectSpec<PowObject>,
    program: feature.program,
    actions: { 4294967295: 'pass', 2: 'drop', 7: 'tx' },
    proof: { magic: MAGIC, proofBytes, ...more, holds },
  };
}
