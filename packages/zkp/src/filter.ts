import { existsSync } from 'node:fs';
import { type Admission, BpfError, type BpfObject, Gate, type GateOptions, tokenRate } from '@cryptbpf/core';
import type { Groups } from './groups.js';
import { hashKind, KIND_NAMES, type Kind, ringKind, schnorrKind, type ZkpShape } from './kinds.js';
import {
  type Budgets,
  type HashProofs,
  type ProofOptions,
  type SchnorrProofs,
  takeBudgets,
  takeOptions,
  type ZkpOptions,
  type ZkpSettings,
} from './options.js';
import type { Provers } from './provers.js';
import type { PublicKeys } from './public-keys.js';
import type { Secrets } from './secrets.js';
import { ZkpLayout } from './zkp_hash.gen.js';

/** Who may prove, by the kind of proof. */
export type ProversOf<Proofs extends ProofOptions> = Proofs extends HashProofs
  ? Secrets
  : Proofs extends SchnorrProofs
    ? PublicKeys
    : Groups;

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

  #budgets: Budgets;

  private constructor(kind: Kind<Own>, options: GateOptions, budgets: Budgets) {
    super(kind.feature, options);
    this.#budgets = budgets;
    try {
      checkBirth(this.#zkp, kind);
      this.provers = kind.provers(this.#zkp);
      this.#writeBudgets(budgets);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Brings the gate up, or takes over the one that an earlier controller left. Until this resolves, a new gate lets
   * nothing through. Throws what Gate throws; ERR_BUSY when there is a gate of that name for another kind of proof;
   * ERR_BAD_VALUE for a bad key or group, ERR_MAP_FULL for too many.
   */
  static async attach<Proofs extends ProofOptions>(
    options: ZkpOptions<Proofs>,
  ): Promise<ZkpFilter<ProversOf<Proofs>>> {
    const { gate, budgets } = takeOptions(options);
    const kind = kindOf(options) as unknown as Kind<ProversOf<Proofs>>;
    checkOtherKinds(kind, gate);
    const filter = new ZkpFilter<ProversOf<Proofs>>(kind, gate, budgets);
    const { variables } = filter.#zkp;
    const isNew = variables.zkp_birth.layout === 0;
    try {
      await kind.load(filter.#zkp, filter.provers);
      variables.zkp_birth = birthOf(kind);
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
    const { budgets, gate } = takeBudgets(changes, this.#budgets);
    super.update(gate);
    this.#writeBudgets(budgets);
    this.#budgets = budgets;
  }

  get #zkp(): BpfObject<ZkpShape> {
    return this.object as unknown as BpfObject<ZkpShape>;
  }

  /** Writes those that do not count, then makes them count. A hash needs none. */
  #writeBudgets({ sourceBudget, curveBudget }: Budgets): void {
    const { variables } = this.#zkp;
    const { zkp_budgets: budgets } = variables;
    if (!budgets) return;
    const next = variables.zkp_active ^ 1;
    budgets[next] = { source: tokenRate(sourceBudget), all: tokenRate(curveBudget) };
    variables.zkp_budgets = budgets;
    variables.zkp_active = next;
  }
}

function kindOf({ proof, audience }: ZkpOptions): Kind<Provers> {
  switch (proof?.kind) {
    case 'hash':
      return hashKind(proof, audience) as Kind<Provers>;
    case 'schnorr':
      return schnorrKind(proof, audience) as Kind<Provers>;
    case 'ring':
      return ringKind(proof, audience) as Kind<Provers>;
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

function birthOf({ tableWidth }: Pick<Kind<Provers>, 'tableWidth'>) {
  return { layout: ZkpLayout.ZKP_LAYOUT, generatorWidth: tableWidth, keyWidth: tableWidth };
}

function checkBirth({ variables }: BpfObject<ZkpShape>, kind: Pick<Kind<Provers>, 'tableWidth'>): void {
  const { layout, keyWidth } = variables.zkp_birth;
  const ours = birthOf(kind);
  if (layout === 0 || (layout === ours.layout && keyWidth === ours.keyWidth)) return;
  const message =
    `the gate that is up has layout ${layout} and tables of width ${keyWidth}, this one needs ${ours.layout} and ` +
    `${ours.keyWidth}: detach it first`;
  throw new BpfError('ERR_INCOMPATIBLE', message);
}
