import { sha256 } from './sha256.js';

/*
 * Merkle trees as in RFC 6962, 2.1. The nodes of a level lie one behind the other, 32 bytes each; one without a
 * neighbour moves up as it is.
 */

export const CHUNK_BYTES_MIN = 64;
export const CHUNK_BYTES_MAX = 8192;
export const HASH_BYTES = 32;
const LEAF = 0;
const NODE = 1;
/* What is hashed is put together here: it is done before anybody else comes. */
const leaf = new Uint8Array(1 + CHUNK_BYTES_MAX).fill(LEAF, 0, 1);
const node = new Uint8Array(1 + 2 * HASH_BYTES).fill(NODE, 0, 1);

export function leafHash(chunk: Uint8Array): Uint8Array {
  leaf.set(chunk, 1);
  return sha256(leaf.subarray(0, 1 + chunk.length));
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  return sha256(node);
}

/** All levels above these hashes, themselves first, the root last. */
export function levelsOf(hashes: Uint8Array): Uint8Array[] {
  const levels = [hashes];
  for (let level = hashes; level.length > HASH_BYTES; ) {
    level = above(level);
    levels.push(level);
  }
  return levels;
}

export function rootOf(levels: readonly Uint8Array[]): Uint8Array {
  return levels[levels.length - 1]!;
}

function above(level: Uint8Array): Uint8Array {
  const nodes = new Uint8Array(Math.ceil(level.length / (2 * HASH_BYTES)) * HASH_BYTES);
  for (let from = 0, to = 0; from < level.length; from += 2 * HASH_BYTES, to += HASH_BYTES) {
    const right = from + HASH_BYTES;
    const isAlone = right === level.length;
    nodes.set(isAlone ? hashAt(level, from) : nodeHash(hashAt(level, from), hashAt(level, right)), to);
  }
  return nodes;
}

/** The neighbours of those on the way from a node of the lowest level to the root. */
export function pathIn(levels: readonly Uint8Array[], index: number): Uint8Array[] {
  const path: Uint8Array[] = [];
  for (const level of levels) {
    const neighbour = (index ^ 1) * HASH_BYTES;
    if (neighbour < level.length) path.push(hashAt(level, neighbour));
    index >>>= 1;
  }
  return path;
}

/** A bit for each level at which the node above leaf index has a neighbour, when there are last + 1 leaves. */
export function neighbourLevels(index: number, last: number): number {
  const apart = index ^ last;
  const below = apart === 0 ? 0 : 0xffff_ffff >>> Math.clz32(apart);
  return (below | last) >>> 0;
}

export function pathLength(index: number, last: number): number {
  let length = 0;
  for (let levels = neighbourLevels(index, last); levels !== 0; levels >>>= 1) length += levels & 1;
  return length;
}

/** Where the path leads that begins with this leaf. */
export function climb(leaf: Uint8Array, path: Uint8Array, index: number, last: number): Uint8Array {
  let hash = leaf;
  let next = 0;
  for (let levels = neighbourLevels(index, last); levels !== 0; levels >>>= 1, index >>>= 1) {
    if (!(levels & 1)) continue;
    const neighbour = hashAt(path, next);
    hash = index & 1 ? nodeHash(neighbour, hash) : nodeHash(hash, neighbour);
    next += HASH_BYTES;
  }
  return hash;
}

function hashAt(hashes: Uint8Array, offset: number): Uint8Array {
  return hashes.subarray(offset, offset + HASH_BYTES);
}
