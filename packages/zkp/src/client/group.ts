import { checkInteger } from '@cryptbpf/core/gate-client';
import { p256, p256_hasher } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { type Point, pointBytes } from './curve.js';
import { ZkpError } from './errors.js';
import { LABELS } from './statement.js';

/** A ring of more would not fit a packet. */
export const MAX_MEMBERS = 32;
export const MAX_GROUP = 1023;
const MAX_EPOCH = 0xffff_ffff;
const BASE_DST = 'cryptbpf zkp image v1';

/**
 * A group in one of its epochs, as its members have to know it: public, and good for JSON. Whoever leads a member to
 * believe in a group of another membership can tell his proofs apart: get it from where you trust.
 */
export interface Group {
  /** 0 to 1023. */
  id: number;
  /** Rises with each change of members. */
  epoch: number;
  /** Public keys, 65 or 33 bytes in SEC 1 form, or those in hexadecimal; 2 to 32. */
  members: readonly (string | Uint8Array)[];
  /** Admissions of one member in this epoch; 0 or absent: they are not counted. */
  limit?: number;
}

/** A group, ready for proofs to one service. */
export interface Ring {
  readonly id: number;
  readonly epoch: number;
  readonly limit: number;
  readonly points: readonly Point[];
  /** label || audience || ring: the first 128 bytes of what each link hashes. */
  readonly start: Uint8Array;
  /** Whose multiple an image is; undefined where admissions are not counted. */
  readonly base: Point | undefined;
}

/** @throws ZkpError `ERR_ZKP_GROUP` */
export function ringOf(group: Group, audience: Uint8Array): Ring {
  const { id, epoch, members, limit = 0 } = checked(group);
  const points = members.map(readMember);
  const encoded = points.map(pointBytes);
  if (new Set(encoded.map(String)).size !== points.length) throw bad('has a member twice');
  const number = new Uint8Array(8);
  new DataView(number.buffer).setUint16(0, id);
  new DataView(number.buffer).setUint32(4, epoch);
  const block = new Uint8Array(64);
  block.set(sha256(concatBytes(LABELS.members, ...encoded)));
  block.set(number, 32);
  return {
    id,
    epoch,
    limit,
    points,
    start: concatBytes(LABELS.ring, audience, block),
    base: limit > 0 ? baseOf(concatBytes(audience, number)) : undefined,
  };
}

/** RFC 9380, P256_XMD:SHA-256_SSWU_RO_: nobody knows its logarithm. */
function baseOf(message: Uint8Array): Point {
  return p256_hasher.hashToCurve(message, { DST: BASE_DST }) as Point;
}

function checked(group: Group): Group {
  if (typeof group !== 'object' || group === null) throw bad(`is ${typeof group}, expected an object`);
  const { id, epoch, members, limit = 0 } = group;
  try {
    checkInteger('id', id, 0, MAX_GROUP);
    checkInteger('epoch', epoch, 0, MAX_EPOCH);
    checkInteger('limit', limit, 0, 0xffff_ffff);
    checkInteger('number of members', members?.length, 2, MAX_MEMBERS);
  } catch (error) {
    throw bad(`is none: ${(error as Error).message}`);
  }
  return group;
}

function readMember(member: string | Uint8Array, i: number): Point {
  try {
    return p256.Point.fromBytes(typeof member === 'string' ? hexToBytes(member) : member);
  } catch (cause) {
    throw new ZkpError('ERR_ZKP_GROUP', `member ${i} of the group is no public key in SEC 1 form`, { cause });
  }
}

function bad(what: string): ZkpError {
  return new ZkpError('ERR_ZKP_GROUP', `group ${what}`);
}
