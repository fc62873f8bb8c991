import { createHash, createHmac } from 'node:crypto';
import { Reason } from '@cryptbpf/core';
import { p256, p256_hasher } from '@noble/curves/nist.js';
import { concat } from '../../../pow/test/support/packets.js';

/* The checks of docs/protocols.md, written down a second time. Points are noble's. */

type Point = InstanceType<typeof p256.Point>;
export type Verdict = boolean | Reason;
export type Check = (challenge: Uint8Array, proof: Uint8Array, source: Uint8Array) => Verdict;

const { BASE, Fn } = p256.Point;
const ORDER = Fn.ORDER;

const sha256 = (...parts: Uint8Array[]) =>
  new Uint8Array(
    createHash('sha256')
      .update(concat(...parts))
      .digest(),
  );
const label = (text: string) => concat(Buffer.from(text), new Uint8Array(32 - text.length));
const audienceOf = (name: string) => sha256(Buffer.from(name));
const number = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const u16 = (bytes: Uint8Array, at: number) => (bytes[at]! << 8) | bytes[at + 1]!;
const u32 = (bytes: Uint8Array, at: number) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);
const isScalar = (bytes: Uint8Array) => number(bytes) > 0n && number(bytes) < ORDER;
const bytesOf = (point: Point) => point.toBytes(false).subarray(1);

/** undefined: not on the curve, or a coordinate that is not below p. */
function pointAt(bytes: Uint8Array): Point | undefined {
  try {
    return p256.Point.fromBytes(concat(Uint8Array.of(4), bytes));
  } catch {
    return undefined;
  }
}

function multiple(point: Point, scalar: bigint): Point {
  return Fn.create(scalar) === 0n ? p256.Point.ZERO : point.multiplyUnsafe(Fn.create(scalar));
}

export interface TwinSecret {
  secret: Uint8Array;
  form: 'hmac' | 'sha256';
}

export function hashTwin(name: string, secrets: ReadonlyMap<number, TwinSecret>): Check {
  const audience = audienceOf(name);
  return (challenge, proof, source) => {
    if (u16(proof, 2) !== 0) return Reason.DROP_MESSAGE_FORMAT;
    const known = secrets.get(u16(proof, 0));
    if (!known) return Reason.DROP_KEY_UNKNOWN;
    const { secret, form } = known;
    const said = concat(label('cryptbpf zkp hash v1'), audience, challenge, source, proof.subarray(0, 4));
    const expected =
      form === 'hmac' ? createHmac('sha256', secret).update(said).digest() : sha256(secret, challenge);
    return Buffer.compare(expected, proof.subarray(4)) === 0;
  };
}

/** keys: 65 bytes each. */
export function schnorrTwin(name: string, keys: ReadonlyMap<number, Uint8Array>): Check {
  const audience = audienceOf(name);
  const points = new Map([...keys].map(([id, key]) => [id, p256.Point.fromBytes(key).precompute(8, false)]));
  return (challenge, proof, source) => {
    if (u16(proof, 2) !== 0) return Reason.DROP_MESSAGE_FORMAT;
    const key = points.get(u16(proof, 0));
    if (!key) return Reason.DROP_KEY_UNKNOWN;
    const [commitment, response] = [proof.subarray(4, 68), proof.subarray(68)];
    if (!isScalar(response)) return Reason.DROP_SCALAR;
    const point = pointAt(commitment);
    if (!point) return Reason.DROP_POINT;
    const start = concat(label('cryptbpf zkp schnorr v1'), audience, bytesOf(key));
    const c = number(sha256(start, challenge, source, proof.subarray(0, 4), commitment));
    return multiple(BASE, number(response)).equals(point.add(multiple(key, c)));
  };
}

export interface TwinRing {
  epoch: number;
  /** 65 bytes each. */
  members: readonly Uint8Array[];
  limit: number;
}

/** Counts admissions, as each proof that holds is admitted. */
export function ringTwin(name: string, groups: ReadonlyMap<number, readonly TwinRing[]>): Check {
  const audience = audienceOf(name);
  const admissions = new Map<string, number>();
  return (challenge, proof, source) => {
    if (u16(proof, 2) !== 0) return Reason.DROP_MESSAGE_FORMAT;
    const rings = groups.get(u16(proof, 0));
    if (!rings) return Reason.DROP_GROUP;
    const ring = rings.find(({ epoch }) => epoch === u32(proof, 4));
    if (!ring) return Reason.DROP_GROUP_EPOCH;
    const { members, limit } = ring;
    if (proof.length !== 104 + 32 * members.length) return Reason.DROP_MESSAGE_LENGTH;
    const image = proof.subarray(8, 72);
    if (limit === 0 && !isZero(image)) return Reason.DROP_MESSAGE_FORMAT;
    const name = Buffer.from(concat(proof.subarray(0, 8), image.subarray(0, 32))).toString('hex');
    if (limit > 0 && (admissions.get(name) ?? 0) >= limit) return Reason.DROP_IMAGE_LIMIT;
    const responses = members.map((_, i) => proof.subarray(104 + 32 * i, 136 + 32 * i));
    if (!responses.every(isScalar)) return Reason.DROP_SCALAR;
    const point = limit > 0 ? pointAt(image) : undefined;
    if (limit > 0 && !point) return Reason.DROP_POINT;
    const statement = concat(
      startOf(audience, proof.subarray(0, 8), members),
      challenge,
      source,
      image,
      new Uint8Array(16),
    );
    const base = point && baseOf(audience, proof.subarray(0, 8));
    const holds = closes(statement, members, {
      first: proof.subarray(72, 104),
      responses,
      image: point,
      base,
    });
    if (holds && limit > 0) admissions.set(name, (admissions.get(name) ?? 0) + 1);
    return holds;
  };
}

function startOf(audience: Uint8Array, numbers: Uint8Array, members: readonly Uint8Array[]): Uint8Array {
  const digest = sha256(label('cryptbpf zkp members v1'), ...members.map((key) => key.subarray(1)));
  return concat(label('cryptbpf zkp ring v1'), audience, digest, numbers, new Uint8Array(24));
}

const bases = new Map<string, Point>();

function baseOf(audience: Uint8Array, numbers: Uint8Array): Point {
  const message = concat(audience, numbers);
  const name = Buffer.from(message).toString('hex');
  const known = bases.get(name);
  if (known) return known;
  const base = p256_hasher.hashToCurve(message, { DST: 'cryptbpf zkp image v1' }) as Point;
  bases.set(name, base.precompute(8, false));
  return base;
}

interface Circle {
  first: Uint8Array;
  responses: readonly Uint8Array[];
  image: Point | undefined;
  base: Point | undefined;
}

const points = new Map<string, Point>();

function memberPoint(key: Uint8Array): Point {
  const name = Buffer.from(key).toString('hex');
  const point = points.get(name) ?? p256.Point.fromBytes(key).precompute(8, false);
  points.set(name, point);
  return point;
}

function closes(statement: Uint8Array, members: readonly Uint8Array[], circle: Circle): boolean {
  const { first, responses, image, base } = circle;
  let link = first;
  for (const [i, key] of members.entries()) {
    const [s, c] = [number(responses[i]!), number(link)];
    const commitments = [multiple(BASE, s).add(multiple(memberPoint(key), c))];
    if (image && base) commitments.push(multiple(base, s).add(multiple(image, c)));
    if (commitments.some((point) => point.is0())) return false;
    const head = Buffer.alloc(8);
    head.writeUInt32BE(i);
    link = sha256(statement, head, ...commitments.map(bytesOf));
  }
  return Buffer.compare(link, first) === 0;
}
