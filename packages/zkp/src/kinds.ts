import type { BpfObject, GateFeature, GateShape, ObjectSpec } from '@cryptbpf/core';
import { MAX_MEMBERS } from './client/group.js';
import { MAGIC } from './client/message.js';
import { Groups } from './groups.js';
import { checkCount, type HashProofs, type RingProofs, type SchnorrProofs } from './options.js';
import type { Provers } from './provers.js';
import { PublicKeys } from './public-keys.js';
import { Secrets } from './secrets.js';
import { layoutOf, Tables } from './tables.js';
import { openZkpHash, type ZkpBirth, type ZkpHashObject } from './zkp_hash.gen.js';
import { openZkpRing, type ZkpBudget, type ZkpRingObject } from './zkp_ring.gen.js';
import { openZkpSchnorr, type ZkpSchnorrObject } from './zkp_schnorr.gen.js';

/** What the objects of all kinds have besides the gate's; budgets where there is a curve. */
export interface ZkpShape extends GateShape {
  variables: GateShape['variables'] & { zkp_birth: ZkpBirth; zkp_budgets: ZkpBudget[]; zkp_active: number };
}

/** A kind of proof, as one gate has it. */
export interface Kind<Own extends Provers> {
  readonly name: string;
  /** Bits of the windows of tables in the kernel; 0: there are none. */
  readonly tableWidth: number;
  readonly feature: GateFeature;
  /** Takes over what is in the maps. */
  provers(object: BpfObject<ZkpShape>): Own;
  /** Sees to it that those count who were asked for. */
  load(object: BpfObject<ZkpShape>, provers: Own): Promise<void>;
}

export const KIND_NAMES = ['hash', 'schnorr', 'ring'] as const;

const DEFAULT_WIDTH = 8;
const MAX_KEYS = 65_536;
const MAX_GROUPS = 1024;

export function hashKind({ keys, maxKeys = 256 }: HashProofs, audience: string): Kind<Secrets> {
  checkCount('maxKeys', maxKeys, MAX_KEYS);
  return {
    name: 'hash',
    tableWidth: 0,
    feature: featureOf('hash', () => {
      const spec = openZkpHash(new URL('./zkp_hash.bpf.o', import.meta.url));
      for (const name of ['keys', 'key_proofs'] as const) spec.map(name).maxEntries = maxKeys;
      return spec;
    }),
    provers: (object) => new Secrets((object as unknown as BpfObject<ZkpHashObject>).maps, audience),
    load: (_object, secrets) => secrets.set(keys),
  };
}

export function schnorrKind(
  { keys, maxKeys = 64, tableWidth = DEFAULT_WIDTH }: SchnorrProofs,
  audience: string,
): Kind<PublicKeys> {
  checkCount('maxKeys', maxKeys, MAX_KEYS);
  const layout = layoutOf(maxKeys, tableWidth);
  const mapsOf = (object: BpfObject<ZkpShape>) => (object as unknown as BpfObject<ZkpSchnorrObject>).maps;
  const tablesOf = (object: BpfObject<ZkpShape>) => new Tables(mapsOf(object).p256_entries, layout);
  return {
    name: 'schnorr',
    tableWidth,
    feature: featureOf('schnorr', () => {
      const spec = openZkpSchnorr(new URL('./zkp_schnorr.bpf.o', import.meta.url));
      for (const name of ['keys', 'key_proofs'] as const) spec.map(name).maxEntries = maxKeys;
      spec.map('p256_entries').maxEntries = layout.entries;
      spec.variable('p256_widths').set(layout.widths);
      return spec;
    }),
    provers: (object) => new PublicKeys(mapsOf(object), tablesOf(object), audience),
    load: async (object, provers) => {
      await tablesOf(object).writeGenerator();
      await provers.set(keys);
    },
  };
}

export function ringKind(
  { groups, maxGroups = 4, maxMembers = 64, tableWidth = DEFAULT_WIDTH }: RingProofs,
  audience: string,
): Kind<Groups> {
  checkCount('maxGroups', maxGroups, MAX_GROUPS);
  checkCount('maxMembers', maxMembers, MAX_KEYS);
  /* Each group has two epochs during a change, each with a point of which images are multiples. */
  const rings = 2 * maxGroups;
  const layout = layoutOf(maxMembers + rings, tableWidth);
  const mapsOf = (object: BpfObject<ZkpShape>) => (object as unknown as BpfObject<ZkpRingObject>).maps;
  const tablesOf = (object: BpfObject<ZkpShape>) => new Tables(mapsOf(object).p256_entries, layout);
  return {
    name: 'ring',
    tableWidth,
    feature: featureOf('ring', () => {
      const spec = openZkpRing(new URL('./zkp_ring.bpf.o', import.meta.url));
      spec.map('rings').maxEntries = rings;
      spec.map('images').maxEntries = rings * MAX_MEMBERS;
      spec.map('p256_entries').maxEntries = layout.entries;
      spec.variable('p256_widths').set(layout.widths);
      return spec;
    }),
    provers: (object) => new Groups(mapsOf(object), tablesOf(object), layout.keys, audience),
    load: async (object, provers) => {
      await tablesOf(object).writeGenerator();
      await provers.set(groups);
    },
  };
}

function featureOf(kind: string, open: () => unknown): GateFeature {
  return {
    name: `zkp-${kind}`,
    open: () => open() as ObjectSpec<GateShape>,
    program: `zkp_${kind}_gate`,
    hook: { kind: 'tc' },
    magic: MAGIC,
  };
}
