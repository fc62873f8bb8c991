import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { openObject } from '@cryptbpf/core';
import { P256Layout, p256GeneratorTable, p256Table } from '@cryptbpf/core/crypto';
import { p256 as curve } from '@noble/curves/nist.js';

const OBJECT = new URL('../../build/bpf/p256_bench.bpf.o', import.meta.url);
const XDP_PASS = 2;
const FRAME = new Uint8Array(64);
/** struct p256_item */
const ITEM = { digest: 0, signature: 32, scalars: 96, point: 160, given: 224, key: 288, size: 296 };
/** More keys than this share tables, each with memory of its own: building one for each would take minutes. */
const DISTINCT_KEYS = 8;
const { BASE, Fn } = curve.Point;

/**
 * Programs of bpf/test/p256_bench.bpf.c over signatures of so many keys, with tables of such widths.
 * `exceptional`: what the owner of a key can force, that the last addition is a doubling. Without `sums`, only
 * signatures, which are quicker to make.
 */
export class P256Bench {
  #object;
  #programs;

  static async prepare({ keys = 4, widths, items = 1024, exceptional = false, sums = true } = {}) {
    const layout = new P256Layout(keys, widths);
    const spec = openObject(OBJECT);
    spec.map('p256_entries').maxEntries = layout.entries;
    spec.map('items').maxEntries = items;
    spec.variable('p256_widths').set(layout.widths);
    spec.variable('rotation').set(items);
    const bench = new P256Bench(spec.load());
    const pairs = Array.from({ length: Math.min(keys, DISTINCT_KEYS) }, newPair);
    await bench.#enroll(layout, pairs);
    bench.#fill(items, keys, pairs, { exceptional, sums });
    return bench;
  }

  constructor(object) {
    this.#object = object;
    this.#programs = object.programs;
  }

  async #enroll(layout, pairs) {
    const entries = bytesOf(this.#object.maps.p256_entries.view());
    entries.set(await p256GeneratorTable(layout.widths.generator));
    const tables = await Promise.all(pairs.map(({ point }) => p256Table(point.toBytes(), layout.widths.key)));
    for (let key = 0; key < layout.keys; key++)
      entries.set(tables[key % tables.length], layout.keyOffset(key));
  }

  #fill(count, keys, pairs, { exceptional, sums }) {
    const view = this.#object.maps.items.view();
    const items = bytesOf(view);
    for (let i = 0; i < count; i++) {
      const key = Math.floor((i * keys) / Math.min(count, keys)) % keys;
      const pair = pairs[key % pairs.length];
      const at = i * ITEM.size;
      const { digest, signature } = exceptional ? doubled(pair) : signed(pair);
      items.set(digest, at + ITEM.digest);
      items.set(signature, at + ITEM.signature);
      if (sums) setSum(items, at, combined(pair));
      items.set(pair.point.toBytes(false).subarray(1), at + ITEM.given);
      view.setUint32(at + ITEM.key, key, true);
    }
  }

  /** Nanoseconds of one of so many: enrolled, generic, sum or sum_generic. Throws when a result was wrong. */
  time(what, count) {
    const before = this.#object.variables.accepted;
    const program = this.#programs[`bench_${what}`];
    const { returnValue, durationNs } = program.testRun({ data: FRAME, repeat: count });
    const accepted = Number(this.#object.variables.accepted - before);
    if (returnValue !== XDP_PASS || accepted !== count)
      throw new Error(`${program.name}: ${accepted} of ${count}`);
    return durationNs;
  }

  close() {
    this.#object.close();
  }
}

function bytesOf(view) {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function setSum(items, at, { scalars, point }) {
  items.set(scalars, at + ITEM.scalars);
  items.set(point, at + ITEM.point);
}

function newPair() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const { d } = privateKey.export({ format: 'jwk' });
  const secret = BigInt(`0x${Buffer.from(d, 'base64url').toString('hex')}`);
  return { privateKey, secret, point: BASE.multiply(secret) };
}

function signed({ privateKey }) {
  const message = randomBytes(32);
  return {
    digest: createHash('sha256').update(message).digest(),
    signature: sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  };
}

/** A signature with u1 * G = u2 * Q, valid by construction. */
function doubled({ secret }) {
  const u2 = randomScalar();
  const u1 = Fn.mul(u2, secret);
  const r = Fn.create(BASE.multiply(Fn.add(u1, u1)).toAffine().x);
  const s = Fn.mul(r, Fn.inv(u2));
  return { digest: Fn.toBytes(Fn.mul(u1, s)), signature: Buffer.concat([Fn.toBytes(r), Fn.toBytes(s)]) };
}

/** a, b and a * G - b * Q */
function combined({ secret }) {
  const a = randomScalar();
  const b = randomScalar();
  const point = BASE.multiply(Fn.sub(a, Fn.mul(b, secret)));
  return { scalars: Buffer.concat([Fn.toBytes(a), Fn.toBytes(b)]), point: point.toBytes(false).subarray(1) };
}

function randomScalar() {
  return BigInt(`0x${randomBytes(31).toString('hex')}`) + 1n;
}
