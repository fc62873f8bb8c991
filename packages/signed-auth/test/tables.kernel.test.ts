import { P256Layout } from '@cryptbpf/core/crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Reason } from '../src/signed_auth.gen.js';
import { layoutOf, layoutWithin, Tables } from '../src/tables.js';
import { Trust } from '../src/trust.js';
import { SignedGate } from './support/gate.js';
import { type TestKey, testKey } from './support/keys.js';
import { PEER4, packet, Sender, text } from './support/packets.js';

const WIDTHS = { generator: 6, key: 6 };
const [FIRST, SECOND, THIRD] = [testKey(1), testKey(2), testKey(3)] as [TestKey, TestKey, TestKey];
const PAYLOAD = text('payload');

let gate: SignedGate;
let tables: Tables;
let trust: Trust;
beforeAll(async () => {
  gate = await SignedGate.create([FIRST]);
});
afterAll(() => gate[Symbol.dispose]());
beforeEach(() => {
  gate.reset();
  tables = new Tables(gate.maps.p256_entries, new P256Layout(1, WIDTHS));
  trust = new Trust(gate.maps, tables);
});

const withTable = () => trust.list().flatMap(({ id, hasTable }) => (hasTable ? [id] : []));

/** Packets of a sender, all of which must pass. */
function send(sender: Sender, count: number): void {
  for (let i = 0; i < count; i++) {
    expect(gate.judge(packet(PEER4, sender.sign(PAYLOAD))).reasons).toEqual([Reason.PASS_SIGNED]);
  }
}

const senderOf = (key: TestKey) => new Sender(key, () => gate.now());

test('the only table goes to the key that signs most, and both go on to pass', async () => {
  for (const { id, publicKey: key } of [FIRST, SECOND]) await trust.add({ id, key });
  await tables.built();
  expect(withTable()).toEqual([FIRST.id]);
  const [first, second] = [senderOf(FIRST), senderOf(SECOND)];
  send(first, 20);
  send(second, 20);
  await trust.rebalance();
  expect(withTable()).toEqual([FIRST.id]);
  send(first, 5);
  send(second, 40);
  await trust.rebalance();
  expect(withTable()).toEqual([SECOND.id]);
  send(first, 3);
  send(second, 3);
});

test('the table and the place of a revoked key serve the next one', async () => {
  await trust.add({ id: FIRST.id, key: FIRST.publicKey });
  await tables.built();
  const first = senderOf(FIRST);
  send(first, 1);
  trust.revoke(FIRST.id);
  await trust.add({ id: FIRST.id, key: THIRD.publicKey });
  await tables.built();
  expect(withTable()).toEqual([FIRST.id]);
  expect(gate.judge(packet(PEER4, first.sign(PAYLOAD))).reasons).toEqual([Reason.DROP_SIGNATURE]);
  send(senderOf({ ...THIRD, id: FIRST.id }), 2);
});

test('those whom the gate trusts are named all at once', async () => {
  await trust.add({ id: FIRST.id, key: FIRST.publicKey });
  const expires = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000);
  const wanted = [
    { id: SECOND.id, key: SECOND.publicKey, expires },
    { id: THIRD.id, key: THIRD.publicKey },
  ];
  await trust.set(wanted);
  expect(trust.list()).toMatchObject([
    { id: SECOND.id, expires },
    { id: THIRD.id, expires: undefined },
  ]);
  const other = new Trust(gate.maps, new Tables(gate.maps.p256_entries, new P256Layout(1, WIDTHS)));
  expect(other.list().map(({ id }) => id)).toEqual([SECOND.id, THIRD.id]);
  await tables.built();
});

test('as many tables are made as fit', () => {
  const generator = new P256Layout(0, WIDTHS).bytes;
  const each = new P256Layout(1, WIDTHS).bytes - generator;
  expect(layoutWithin(generator + 3 * each + 1, 6, 100).keys).toBe(3);
  expect(layoutWithin(2 ** 30, 6, 100).keys).toBe(100);
  expect(layoutWithin(generator, 6, 100).keys).toBe(0);
  expect(() => layoutWithin(generator - 1, 6, 100)).toThrow(
    expect.objectContaining({ code: 'ERR_BAD_OPTION' }),
  );
  expect(layoutOf(new P256Layout(7, WIDTHS).entries, 6).keys).toBe(7);
});
