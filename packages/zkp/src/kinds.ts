import type { BpfObject, GateFeature, GateShape, ObjectSpec } from '@cryptbpf/core';
import { MAGIC } from './client/message.js';
import type { HashProofs } from './options.js';
import type { Provers } from './provers.js';
import { Secrets } from './secrets.js';
import { openZkpHash, type ZkpBirth, type ZkpHashObject } from './zkp_hash.gen.js';

/** What the objects of all kinds have besides the gate's. */
export interface ZkpShape extends GateShape {
  variables: GateShape['variables'] & { zkp_birth: ZkpBirth };
}

/** A kind of proof, as one gate has it. */
export interface Kind<Own extends Provers> {
  readonly name: string;
  /** Of the tables in the kernel; 0: there are none. */
  readonly widths: { readonly generator: number; readonly key: number };
  readonly feature: GateFeature;
  /** Takes over what is in the maps. */
  provers(object: BpfObject<ZkpShape>): Own;
  /** Sees to it that those count who were asked for. */
  load(provers: Own): Promise<void>;
}

export const KIND_NAMES = ['hash', 'schnorr', 'ring'] as const;

const DEFAULT_KEYS = 256;

export function hashKind({ keys, maxKeys = DEFAULT_KEYS }: HashProofs, audience: string): Kind<Secrets> {
  return {
    name: 'hash',
    widths: { generator: 0, key: 0 },
    feature: {
      name: 'zkp-hash',
      open: () => {
        const spec = openZkpHash(new URL('./zkp_hash.bpf.o', import.meta.url));
        for (const name of ['keys', 'key_proofs'] as const) spec.map(name).maxEntries = maxKeys;
        return spec as ObjectSpec<GateShape>;
      },
      program: 'zkp_hash_gate',
      hook: { kind: 'tc' },
      magic: MAGIC,
    },
    provers: (object) => new Secrets((object as unknown as BpfObject<ZkpHashObject>).maps, audience),
    load: (secrets) => secrets.set(keys),
  };
}
