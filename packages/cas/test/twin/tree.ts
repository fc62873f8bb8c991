import { createHash } from 'node:crypto';

/* Merkle trees by the definitions of RFC 6962, 2.1 and 2.1.1. */

const sha256 = (...parts: Uint8Array[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const leaf = (data: Uint8Array) => sha256(LEAF, data);
export const node = (left: Uint8Array, right: Uint8Array) => sha256(NODE, left, right);

/** The largest power of two smaller than n. */
function split(n: number): number {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

/** MTH(D[n]) */
export function treeHash(data: readonly Uint8Array[]): Uint8Array {
  if (data.length === 1) return leaf(data[0]!);
  const k = split(data.length);
  return node(treeHash(data.slice(0, k)), treeHash(data.slice(k)));
}

/** PATH(m, D[n]) */
export function auditPath(m: number, data: readonly Uint8Array[]): Uint8Array[] {
  if (data.length === 1) return [];
  const k = split(data.length);
  return m < k
    ? [...auditPath(m, data.slice(0, k)), treeHash(data.slice(k))]
    : [...auditPath(m - k, data.slice(k)), treeHash(data.slice(0, k))];
}

/** RFC 9162, 2.1.3.2. */
export function leadsToRoot(
  hash: Uint8Array,
  path: readonly Uint8Array[],
  index: number,
  count: number,
  root: Uint8Array,
): boolean {
  if (index >= count) return false;
  let fn = index;
  let sn = count - 1;
  let r = hash;
  for (const p of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      r = node(p, r);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else {
      r = node(r, p);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && Buffer.compare(r, root) === 0;
}
