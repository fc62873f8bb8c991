import { concat } from './packets.js';
import type { Random } from './random.js';

/** A frame to start from, and where its headers are. */
export interface Base {
  bytes: Uint8Array;
  ip: number;
  transport: number;
}

/** The kernel takes no shorter frame for a test. */
export const FRAME_MIN = 14;
const FRAME_MAX = 1400;
const TELLING = [0, 1, 2, 3, 4, 6, 17, 43, 44, 60, 0x40, 0x45, 0x46, 0x60, 0x7f, 0x80, 0xff];

type Mutation = (random: Random, bytes: Uint8Array, base: Base, all: readonly Base[]) => Uint8Array;

const flipBits: Mutation = (random, bytes) => {
  const copy = bytes.slice();
  for (let i = random.below(4); i >= 0; i--) copy[somewhere(random, copy)]! ^= 1 << random.below(8);
  return copy;
};

const setByte: Mutation = (random, bytes) => {
  const copy = bytes.slice();
  copy[somewhere(random, copy)] = random.oneIn(3) ? random.below(256) : random.pick(TELLING);
  return copy;
};

const truncate: Mutation = (random, bytes) => bytes.slice(0, random.below(bytes.length + 1));

/** The bytes that say how long, which version, what comes next, and which fragment. */
const editLength: Mutation = (random, bytes, { ip, transport }) => {
  const copy = bytes.slice();
  const at = random.pick([
    ip,
    ip + 2,
    ip + 3,
    ip + 4,
    ip + 5,
    ip + 6,
    ip + 7,
    ip + 9,
    transport + 4,
    transport + 5,
  ]);
  const change = random.pick([1, -1, 4, -4, 8, -8, 16, 20, 0x20]);
  if (at < copy.length) copy[at] = random.oneIn(4) ? random.pick(TELLING) : copy[at]! + change;
  return copy;
};

const insert: Mutation = (random, bytes, base) => {
  const at = random.oneIn(2) ? random.pick([12, base.ip, base.transport]) : random.below(bytes.length + 1);
  return concat(bytes.subarray(0, at), insertion(random), bytes.subarray(at));
};

const remove: Mutation = (random, bytes) => {
  const at = random.below(bytes.length + 1);
  return concat(bytes.subarray(0, at), bytes.subarray(at + random.pick([1, 4, 8, 20])));
};

const splice: Mutation = (random, bytes, base, all) => {
  const other = random.pick(all);
  const [head, tail] = random.oneIn(2) ? [base.ip, other.ip] : [base.transport, other.transport];
  return concat(bytes.subarray(0, head), other.bytes.subarray(tail));
};

const append: Mutation = (random, bytes) => concat(bytes, random.bytes(random.below(40)));

/** Makes the IP header fit the frame again, so that what lies deeper is looked at. */
const repair: Mutation = (_random, bytes, { ip }) => {
  const copy = bytes.slice();
  const isV6 = copy[ip]! >> 4 === 6;
  const length = copy.length - ip - (isV6 ? 40 : 0);
  if (length >= 6) new DataView(copy.buffer).setUint16(ip + (isV6 ? 4 : 2), length);
  return copy;
};

/** Behind an Ethernet type that is looked into, or not. */
const noise: Mutation = (random) => {
  const bytes = random.bytes(FRAME_MIN + random.below(120));
  const type = random.pick([0x0800, 0x86dd, 0x8100, 0x88a8, random.below(65536)]);
  new DataView(bytes.buffer).setUint16(12, type);
  return bytes;
};

const MUTATIONS = [
  ...[flipBits, flipBits, flipBits, setByte, setByte, setByte, editLength, editLength, editLength],
  ...[truncate, insert, insert, remove, splice, splice, append, noise],
];

/** One to three mutations of a frame. */
export function mutate(random: Random, base: Base, all: readonly Base[]): Uint8Array {
  let bytes = base.bytes;
  for (let i = random.below(3); i >= 0; i--) bytes = random.pick(MUTATIONS)(random, bytes, base, all);
  if (random.oneIn(3)) bytes = repair(random, bytes, base, all);
  bytes = bytes.subarray(0, FRAME_MAX);
  return bytes.length < FRAME_MIN ? concat(bytes, new Uint8Array(FRAME_MIN - bytes.length)) : bytes;
}

function somewhere(random: Random, bytes: Uint8Array): number {
  return random.below(1 + (random.oneIn(4) ? bytes.length : Math.min(bytes.length, 70)));
}

/** VLAN tags, extension headers, or anything. */
function insertion(random: Random): Uint8Array {
  const next = random.pick([0, 6, 17, 43, 44, 60, 59]);
  const tag = Uint8Array.of(0x81, 0, 0, random.below(256));
  const extension = Uint8Array.of(next, random.below(2), 0, random.pick([0, 0, 1, 8]), 0, 0, 0, 0);
  return random.pick([tag, extension, random.bytes(random.pick([1, 4, 8, 20]))]);
}
