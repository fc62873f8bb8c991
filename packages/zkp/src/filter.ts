import { existsSync } from 'node:fs';
import { type Admission, BpfError, type BpfObject, Gate, type GateOptions } from '@cryptbpf/core';
import { hashKind, KIND_NAMES, type Kind, type ZkpShape } from './kinds.js';
import {
  gateOptions,
  type HashProofs,
  type ProofOptions,
  type ZkpOptions,
  type ZkpSettings,
} from './options.js';
import type { Provers } from './provers.js';
import type { Secrets } from './secrets.js';
import { ZkpLayout } from './zkp_hash.gen.js';

/** Who may prove, by the kind of proof. */
export type ProversOf<Proofs extends ProofOptions> = Proofs extends HashProofs ? Secrets : never;

const DEFAULT_PIN_PATH = '/sys/fs/bpf/cryptbpf';

/**
 * A gate whose key is a proof, on one or more interfaces: TCP and UDP ports are silent to everybody but sources that
 * have proved what the operator asks for. Hook: TC ingress. Minimum kernel 6.1. Needs root, or CAP_BPF, CAP_NET_ADMIN
 * and CAP_PERFMON.
 *
 * ```ts
 * const filter = await ZkpFilter.attach({
 *   interface: 'eth0',
 *   ports: [22],
 *   audience: 'ssh.example',
 *   proof: { kind: 'hash', keys: [{ id: 1, secret }] },
 * });
 * console.log(filter.stats().ANSWER_ADMITTED, filter.provers.list());
 * ```
 */
export class ZkpFilter<Own extends Provers = Provers> extends Gate {
  /** Who may prove: added, removed and listed while packets flow. */
  readonly provers: Own;

  private constructor(kind: Kind<Own>, options: GateOptions) {
    super(kind.feature, options);
    try {
      checkBirth(this.object as unknown as BpfObject<ZkpShape>, kind);
      this.provers = kind.provers(this.object as unknown as BpfObject<ZkpShape>);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Brings the gate up, or takes over the one that an earlier controller left. Until this resolves, a new gate lets
   * nothing through. Throws what Gate throws; ERR_BUSY when there is a gate of that name for another kind of proof;
   * ERR_BAD_VALUE for a bad key, ERR_MAP_FULL for too many.
   */
  static async attach<Proofs extends ProofOptions>(
    options: ZkpOptions<Proofs>,
  ): Promise<ZkpFilter<ProversOf<Proofs>>> {
    const gate = gateOptions(options);
    const kind = kindOf(options) as unknown as Kind<ProversOf<Proofs>>;
    checkOtherKinds(kind, gate);
    const filter = new ZkpFilter<ProversOf<Proofs>>(kind, gate);
    const isNew = filter.#birth.layout === 0;
    try {
      await kind.load(filter.provers);
      filter.#birth = birthOf(kind);
      return filter;
    } catch (error) {
      if (isNew) filter.detach();
      else filter.close();
      throw error;
    }
  }

  /** Hands in the proof of a peer for whom challengeFor() gave the challenge: for clients that cannot send UDP. */
  admit(address: string, challenge: Uint8Array, proof: Uint8Array): Admission {
    return this.admitProof(address, challenge, proof);
  }

  /** Changes settings while packets flow; those that are not named stay. Bad ones change nothing. */
  override update(changes: Partial<ZkpSettings>): void {
    super.update(changes);
  }

  override close(): void {
    this.provers?.close?.();
    super.close();
  }

  get #birth() {
    return (this.object as unknown as BpfObject<ZkpShape>).variables.zkp_birth;
  }

  set #birth(birth) {
    (this.object as unknown as BpfObject<ZkpShape>).variables.zkp_birth = birth;
  }
}

function kindOf({ proof, audience }: ZkpOptions): Kind<Provers> {
  switch (proof?.kind) {
    case 'hash':
      return hashKind(proof, audience) as Kind<Provers>;
    default: {
      const kind = (proof as { kind?: unknown } | undefined)?.kind;
      const message = `option proof.kind is ${kind}, expected ${KIND_NAMES.join(', ')}`;
      throw new BpfError('ERR_BAD_OPTION', message);
    }
  }
}

/** A source would have to prove to both. */
function checkOtherKinds({ name }: { name: string }, options: GateOptions): void {
  const { pin = true, pinPath = DEFAULT_PIN_PATH, interface: interfaces } = options;
  const first = Array.isArray(interfaces) ? interfaces[0] : interfaces;
  const own = options.name ?? first?.replace(/[^\w-]/g, '_');
  const other = KIND_NAMES.find((kind) => kind !== name && existsSync(`${pinPath}/zkp-${kind}-${own}`));
  if (!pin || !other) return;
  const message = `there is a gate "${own}" for ${other} proofs: detach that one first, or give this one a name`;
  throw new BpfError('ERR_BUSY', message);
}

function birthOf({ widths }: Pick<Kind<Provers>, 'widths'>) {
  return { layout: ZkpLayout.ZKP_LAYOUT, generatorWidth: widths.generator, keyWidth: widths.key };
}

function checkBirth({ variables }: BpfObject<ZkpShape>, kind: Pick<Kind<Provers>, 'widths'>): void {
  const { layout, generatorWidth, keyWidth } = variables.zkp_birth;
  const ours = birthOf(kind);
  if (layout === 0) return;
  const isSame =
    layout === ours.layout && generatorWidth === ours.generatorWidth && keyWidth === ours.keyWidth;
  if (isSame) return;
  const message =
    `the gate that is up has layout ${layout} and tables of widths ${generatorWidth} and ${keyWidth}, this one ` +
    `needs ${ours.layout}, ${ours.generatorWidth} and ${ours.keyWidth}: detach it first`;
  throw new BpfError('ERR_INCOMPATIBLE', message);
}
