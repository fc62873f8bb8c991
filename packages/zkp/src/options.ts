import { BpfError, type GateOptions, type GateSettings } from '@cryptbpf/core';
import type { ProofSecret } from './secrets.js';

/** Proofs by secrets that the gate has as well. */
export interface HashProofs {
  kind: 'hash';
  /** Who may prove; all of them. Those that an earlier controller had and that are not named here are removed. */
  keys: readonly ProofSecret[];
  /** Keys that there can be at a time; fixed while the gate is up. Default 256. */
  maxKeys?: number;
}

/** What is proved. */
export type ProofOptions = HashProofs;

/** What can be changed while the gate is up. */
export type ZkpSettings = Omit<GateSettings, 'difficulty' | 'targetAdmissions' | 'loadStep'>;

export interface ZkpOptions<Proofs extends ProofOptions = ProofOptions>
  extends Omit<GateOptions, 'difficulty' | 'targetAdmissions' | 'loadStep' | 'mode'> {
  ports: GateSettings['ports'];
  /** Name of the service: a proof for another one does not count here. Both ends have to know it. */
  audience: string;
  proof: Proofs;
}

const DEFAULT_CONTROL_PORT = 22307;

/** What is the gate's of the options. Throws ERR_BAD_OPTION. */
export function gateOptions({ audience, proof, ...gate }: ZkpOptions): GateOptions {
  if (typeof audience !== 'string' || audience === '') {
    throw new BpfError('ERR_BAD_OPTION', `option audience is ${audience}, expected the name of the service`);
  }
  checkMaxKeys(proof.maxKeys);
  const given = Object.fromEntries(Object.entries(gate).filter(([, value]) => value !== undefined));
  return {
    controlPort: DEFAULT_CONTROL_PORT,
    ...given,
    difficulty: { min: 0, max: 0 },
  } as GateOptions;
}

function checkMaxKeys(maxKeys = 1): void {
  if (Number.isInteger(maxKeys) && maxKeys >= 1 && maxKeys <= 65_536) return;
  throw new BpfError(
    'ERR_BAD_OPTION',
    `option proof.maxKeys is ${maxKeys}, expected an integer from 1 to 65536`,
  );
}
