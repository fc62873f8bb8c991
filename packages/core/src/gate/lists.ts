import { BpfError } from '../errors.js';
import type { LpmTrie } from '../maps/keyed.js';
import { type Prefix, parsePrefix } from './address.js';
import { type Ipv4Prefix, type Ipv6Prefix, type ListBlocks, ListVerdict } from './gate.gen.js';
import { numberSet } from './number-set.js';

/** Both tries of the gate: allow and deny list in one, for each family. */
export interface ListMaps {
  list_ipv4: LpmTrie<Ipv4Prefix, ListVerdict>;
  list_ipv6: LpmTrie<Ipv6Prefix, ListVerdict>;
}

/** What of a gate its lists are in. */
export interface ListStore {
  readonly maps: ListMaps;
  readonly variables: { list_blocks: ListBlocks };
}

interface Entry {
  readonly prefix: Prefix;
  readonly verdict: ListVerdict;
}

/** What the tries shall hold, by family. */
export interface Lists {
  readonly ipv4: ReadonlyMap<string, Entry>;
  readonly ipv6: ReadonlyMap<string, Entry>;
}

/** Throws ERR_BAD_ADDRESS for what is no prefix, ERR_BAD_OPTION for one that is allowed and denied. */
export function parseLists(allow: readonly string[], deny: readonly string[]): Lists {
  const lists = { ipv4: new Map<string, Entry>(), ipv6: new Map<string, Entry>() };
  for (const text of allow) add(lists, text, ListVerdict.LIST_ALLOW);
  for (const text of deny) add(lists, text, ListVerdict.LIST_DENY);
  return lists;
}

function add(
  lists: { ipv4: Map<string, Entry>; ipv6: Map<string, Entry> },
  text: string,
  verdict: ListVerdict,
) {
  const prefix = parsePrefix(text);
  const list = prefix.bytes.length === 4 ? lists.ipv4 : lists.ipv6;
  const key = keyOf(prefix.length, prefix.bytes);
  const other = list.get(key);
  if (other && other.verdict !== verdict) {
    throw new BpfError('ERR_BAD_OPTION', `prefix ${text} is on the allow list and on the deny list`);
  }
  list.set(key, { prefix, verdict });
}

/** Throws ERR_BAD_OPTION when the tries have no room for the lists. */
export function checkRoom(maps: ListMaps, lists: Lists): void {
  for (const [entries, trie] of [
    [lists.ipv4, maps.list_ipv4] as const,
    [lists.ipv6, maps.list_ipv6] as const,
  ]) {
    if (entries.size <= trie.maxEntries) continue;
    const message = `the lists have ${entries.size} prefixes of one family, the gate has room for ${trie.maxEntries}`;
    throw new BpfError('ERR_BAD_OPTION', `${message}: set maxListEntries when the gate is made`);
  }
}

/** Makes the tries hold the lists: what is new comes in before what is old goes, if there is room for both. */
export function writeLists({ maps, variables }: ListStore, lists: Lists): void {
  const prefixes = [...lists.ipv4.values(), ...lists.ipv6.values()].map(({ prefix }) => prefix);
  const blocks = blocksOf(prefixes);
  variables.list_blocks = union(variables.list_blocks, blocks);
  const ipv4 = (prefix: Prefix): Ipv4Prefix => ({ length: prefix.length, address: word(prefix.bytes) });
  const ipv6 = (prefix: Prefix): Ipv6Prefix => ({ length: prefix.length, address: prefix.bytes });
  write(maps.list_ipv4, lists.ipv4, ipv4, (key) => keyOf(key.length, wordBytes(key.address)));
  write(maps.list_ipv6, lists.ipv6, ipv6, (key) => keyOf(key.length, key.address));
  variables.list_blocks = blocks;
}

/** The blocks of addresses that these prefixes are in: see struct list_blocks. */
export function blocksOf(prefixes: readonly Prefix[]): ListBlocks {
  const blocks = (bytes: number, of: (prefix: Prefix) => number[]) =>
    numberSet(prefixes.filter((prefix) => prefix.bytes.length === bytes).flatMap(of));
  return { ipv4: blocks(4, blocksOfIpv4), ipv6: blocks(16, blocksOfIpv6) };
}

/** By the first 16 bits, as they lie in memory. */
function blocksOfIpv4({ bytes: [high = 0, low = 0], length }: Prefix): number[] {
  const count = 2 ** Math.max(0, 16 - length);
  return Array.from({ length: count }, (_, i) => (high << 8) + low + i).map(
    (block) => (block >> 8) | ((block & 0xff) << 8),
  );
}

/** Prefixes of less than 32 bits are so many blocks that all are looked up. */
function blocksOfIpv6({ bytes, length }: Prefix): number[] {
  if (length < 32) return Array.from({ length: 65_536 }, (_, i) => i);
  return [Math.imul(word(bytes), 0x9e3779b1) >>> 16];
}

function union(a: ListBlocks, b: ListBlocks): ListBlocks {
  const join = (one: readonly bigint[], other: readonly bigint[]) => one.map((word, i) => word | other[i]!);
  return { ipv4: join(a.ipv4, b.ipv4), ipv6: join(a.ipv6, b.ipv6) };
}

function write<K>(
  trie: LpmTrie<K, ListVerdict>,
  entries: ReadonlyMap<string, Entry>,
  toKey: (prefix: Prefix) => K,
  nameOf: (key: K) => string,
): void {
  const old = [...trie.keys()].filter((key) => !entries.has(nameOf(key)));
  const addFirst = entries.size + old.length <= trie.maxEntries;
  if (!addFirst) for (const key of old) trie.delete(key);
  for (const { prefix, verdict } of entries.values()) trie.set(toKey(prefix), verdict);
  if (addFirst) for (const key of old) trie.delete(key);
}

function keyOf(length: number, bytes: Uint8Array): string {
  return `${bytes.join('.')}/${length}`;
}

/** An IPv4 address as the number that its bytes are in memory. */
function word(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}

function wordBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
