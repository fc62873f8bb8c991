import { setImmediate as turn } from 'node:timers/promises';
import { BpfError, type HashMap, type Store } from '@cryptbpf/core';
import { type CasId, CasListed, CasLists, type CasObject } from './cas.gen.js';
import { digestOf, ID_BYTES } from './client/cid.js';
import type { Settings } from './options.js';

/** How many ids are written before other work has its turn. */
const BATCH = 65_536;

type IdMap = HashMap<CasId, number>;

/** Both lists, as they will be in the map: ids one behind the other. */
export interface ParsedLists {
  readonly allow: Uint8Array | undefined;
  readonly deny: Uint8Array;
}

/** Throws ERR_BAD_OPTION for a list that is none, CasError for an id that is none. */
export function parseLists({ allow, deny }: Pick<Settings, 'allow' | 'deny'>): ParsedLists {
  return { allow: allow === 'any' ? undefined : packIds('allow', allow), deny: packIds('deny', deny) };
}

function packIds(name: string, ids: Settings['deny']): Uint8Array {
  if (typeof ids !== 'object' || !(Symbol.iterator in ids) || ids instanceof Uint8Array) {
    throw new BpfError('ERR_BAD_OPTION', `option ${name} is ${typeof ids}, expected a list of CIDs`);
  }
  const all = [...ids];
  const packed = new Uint8Array(all.length * ID_BYTES);
  for (const [i, id] of all.entries()) packed.set(digestOf(id), i * ID_BYTES);
  return packed;
}

/** Throws ERR_MAP_FULL when there is no room for both. */
function checkRoom({ allow, deny }: ParsedLists, maxIds: number): void {
  const count = ((allow?.length ?? 0) + deny.length) / ID_BYTES;
  if (count <= maxIds) return;
  throw new BpfError('ERR_MAP_FULL', `the lists have ${count} ids, there is room for ${maxIds}: see maxIds`);
}

/**
 * Replaces the lists from one packet to the next: fills the map that is not in use, then makes it the one in use. When
 * that fails, those before stay. Throws ERR_MAP_FULL.
 */
export async function writeLists(store: Store<CasObject>, lists: ParsedLists): Promise<void> {
  const { maps, variables } = store;
  const next = (variables.cas_generation + 1) & 0xff;
  const map: IdMap = next & 1 ? maps.ids_odd : maps.ids_even;
  checkRoom(lists, map.maxEntries);
  map.clear();
  await fill(map, lists.allow ?? new Uint8Array(), CasListed.CAS_ALLOW);
  await fill(map, lists.deny, CasListed.CAS_DENY);
  const has =
    (lists.allow ? CasLists.CAS_HAS_ALLOW : 0) | (lists.deny.length > 0 ? CasLists.CAS_HAS_DENY : 0);
  const flags = variables.cas_lists.slice();
  flags[next & 1] = has;
  variables.cas_lists = flags;
  variables.cas_generation = next;
}

async function fill(map: IdMap, ids: Uint8Array, listed: CasListed): Promise<void> {
  for (let at = 0; at < ids.length; at += BATCH * ID_BYTES) {
    map.setKeys(ids.subarray(at, at + BATCH * ID_BYTES), listed);
    await turn();
  }
}
