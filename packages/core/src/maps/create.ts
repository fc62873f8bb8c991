import { owning } from '../handle.js';
import type { MapType } from '../kinds.js';
import { openPin } from '../pin.js';
import { RingBuffer } from '../ring.js';
import type { MapSpec } from '../spec.js';
import { ArrayMap } from './array.js';
import { HashMap, LpmTrie, LruHashMap, LruPerCpuHashMap, PerCpuArrayMap, PerCpuHashMap } from './keyed.js';
import { BpfMap } from './map.js';
import { ArrayOfMaps, HashOfMaps, ProgArray, XskMap } from './references.js';

type MapClass = new (spec: MapSpec, fd: number) => BpfMap;

const CLASSES: Partial<Record<MapType, MapClass>> = {
  hash: HashMap,
  lru_hash: LruHashMap,
  lpm_trie: LpmTrie,
  array: ArrayMap,
  percpu_hash: PerCpuHashMap,
  lru_percpu_hash: LruPerCpuHashMap,
  percpu_array: PerCpuArrayMap,
  prog_array: ProgArray,
  array_of_maps: ArrayOfMaps,
  hash_of_maps: HashOfMaps,
  xskmap: XskMap,
  ringbuf: RingBuffer,
};

/** A map of a kind that has no class here: it can be pinned, reused, and closed. */
class OtherMap extends BpfMap {}

/** The handle that fits the kind of map; it owns fd from then on. Throws ERR_INCOMPATIBLE. */
export function createMap(spec: MapSpec, fd: number): BpfMap {
  return owning(fd, () => new (CLASSES[spec.type] ?? OtherMap)(spec, fd));
}

/** A map that somebody pinned, typed by spec. Throws ERR_NOT_FOUND, ERR_INCOMPATIBLE. */
export function openMap(path: string, spec: MapSpec): BpfMap {
  return createMap(spec, openPin(path, 'map'));
}
