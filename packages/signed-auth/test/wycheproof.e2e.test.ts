import { createHash } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RFC_6979, type WycheproofGroup, wycheproof } from '../../primitives/test/support/vectors.js';
import { AUDIENCE, SignedGate } from './support/gate.js';
import { PEER4, packet } from './support/packets.js';
import { audience, concat, fieldsOf, footOf, label } from './twin/trailer.js';

/*
 * A vector is a key Q, a digest e and a signature (r, s). The digest of a packet is another one, e'; but under the
 * key Q + ((e - e') / r) G, the same signature of e' leads to the same point R, and so to the same verdict.
 */

const SIGNATURE_BYTES = 64;
const XDP_PASS = 'pass';
const KEY_ID = 1;
const { Point } = p256;
const ORDER = Point.Fn.ORDER;
const found = wycheproof('ecdsa_secp256r1_sha256_p1363_test.json');

const toNumber = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
const digestOf = (...parts: Uint8Array[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return toNumber(hash.digest());
};

/** Modulo the order. */
const reduce = (value: bigint) => ((value % ORDER) + ORDER) % ORDER;

function keyFor(publicKey: Uint8Array, e: bigint, wanted: bigint, r: bigint): Uint8Array {
  const key = Point.fromBytes(publicKey);
  if (reduce(r) === 0n) return key.toBytes(false);
  const factor = reduce((e - wanted) * Point.Fn.inv(reduce(r)));
  return (factor === 0n ? key : key.add(Point.BASE.multiply(factor))).toBytes(false);
}

function register(groups: readonly WycheproofGroup[]): void {
  let gate: SignedGate;

  beforeAll(async () => {
    gate = await SignedGate.create();
  });
  afterAll(() => gate[Symbol.dispose]());

  test('the verdict on a packet that carries the signature', { timeout: 240_000 }, () => {
    gate.reset();
    const time = gate.now();
    let counter = 0n;
    let sized = 0;
    const wrong: number[] = [];
    for (const { publicKey, tests } of groups) {
      const point = Buffer.from((publicKey as { uncompressed: string }).uncompressed, 'hex');
      for (const { tcId, msg, sig, result } of tests) {
        const signature = Buffer.from(sig as string, 'hex');
        const fields = fieldsOf({ instance: 1n, counter: ++counter, time, keyId: KEY_ID });
        const e = digestOf(Buffer.from(msg as string, 'hex'));
        const wanted = digestOf(label('cryptbpf signed-auth v1'), audience(AUDIENCE), fields);
        if (signature.length === SIGNATURE_BYTES) {
          sized++;
          const key = keyFor(point, e, wanted, toNumber(signature.subarray(0, 32)));
          gate.trust(1, { id: KEY_ID, publicKey: key });
        }
        const { action } = gate.gate.run(packet(PEER4, concat(fields, signature, footOf({ type: 1 }))));
        if ((action === XDP_PASS) !== (result === 'valid')) wrong.push(tcId);
      }
    }
    expect(wrong).toEqual([]);
    expect(counter).toBe(groups === found ? 262n : 4n);
    expect(sized).toBeGreaterThan(groups === found ? 200 : 2);
  });
}

register(found ?? [RFC_6979]);
