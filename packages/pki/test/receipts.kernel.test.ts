import { Reason } from '@cryptbpf/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { frame } from '../../pow/test/support/packets.js';
import { decodeReceipt, encodePresentation, encodeRequest, type Presented } from '../src/client/message.js';
import { Holder } from '../src/client.js';
import { certificatePem, type Forged, forge, pemOf } from './support/forge.js';
import { AUDIENCE, ChainGate } from './support/gate.js';

/* Receipts, and what an attacker may try with them. */

const PAYLOAD_AT = 14 + 20 + 8;
const TRANSACTION = new Uint8Array(8).fill(7);

const root = forge('Root', { isCa: true });
const stranger = forge('Stranger', { isCa: true });
const chain: Forged[] = [];
let gate: ChainGate;
let source: string;
let challenge: Uint8Array;

beforeAll(async () => {
  for (let issuer = root, i = 0; i < 4; i++, issuer = chain.at(-1)!)
    chain.push(forge(i < 3 ? `CA ${i}` : 'Leaf', { issuer, isCa: i < 3 }));
  gate = await ChainGate.create([certificatePem(root)]);
  source = gate.nextSource();
  challenge = gate.validator.challengeFor(source);
});
afterAll(() => gate[Symbol.dispose]());

/** The payload that comes back, or undefined. */
function ask(payload: Uint8Array, from = source): Uint8Array | undefined {
  const udp = { sourcePort: 1, destinationPort: 22308 };
  const data = gate.run(frame({ ip: { source: from, destination: '10.9.9.9' }, udp, payload }));
  return data?.subarray(PAYLOAD_AT);
}

const request = (presented: Presented, from = source, by = challenge) =>
  ask(encodeRequest(TRANSACTION, by, presented), from);

const statusOf = (answer: Uint8Array | undefined) => (answer && answer[5] === 4 ? answer[6] : undefined);

async function prove(
  receipt: Uint8Array,
  certificates: Uint8Array[],
  leaf: Forged,
  from = source,
  by = challenge,
) {
  const key = pemOf(leaf.pair);
  const holder = await Holder.create({ chain: certificates, key, audience: AUDIENCE });
  const signature = await holder.sign(by, from, certificates);
  return statusOf(ask(encodePresentation(TRANSACTION, by, { receipt, certificates }, signature), from));
}

test('a chain goes on from its receipt, and the answer is as long as the request', async () => {
  const message = encodeRequest(TRANSACTION, challenge, { certificates: [chain[0]!.der] });
  const answer = ask(message)!;
  expect(answer.length).toBe(message.length);
  const second = request({ receipt: decodeReceipt(answer), certificates: [chain[2]!.der, chain[1]!.der] })!;
  expect(await prove(decodeReceipt(second), [chain[3]!.der], chain[3]!)).toBe(0);
  gate.validator.revoke(source);
});

describe('refused', () => {
  let receipt: Uint8Array;
  beforeAll(() => {
    challenge = gate.validator.challengeFor(source);
    receipt = decodeReceipt(request({ certificates: [chain[0]!.der] })!);
  });

  test('a receipt of which any bit is another one', () => {
    const certificates = [chain[1]!.der];
    const step = process.env.CRYPTBPF_VM ? 211 : 3;
    for (let bit = 0; bit < receipt.length * 8; bit += step) {
      const forged = receipt.slice();
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(statusOf(request({ receipt: forged, certificates }))).toBe(Reason.DROP_RECEIPT);
    }
    expect(statusOf(request({ receipt, certificates }))).toBeUndefined();
  });

  test("another source's receipt", () => {
    const other = gate.nextSource();
    const own = gate.validator.challengeFor(other);
    expect(statusOf(request({ receipt, certificates: [chain[1]!.der] }, other, own))).toBe(
      Reason.DROP_RECEIPT,
    );
  });

  test('a receipt with a chain that is not below its CA', async () => {
    const foreign = forge('Leaf', { issuer: stranger });
    expect(await prove(receipt, [foreign.der], foreign)).toBe(Reason.DROP_CERT_ISSUER);
    expect(await prove(receipt, [chain[3]!.der], chain[3]!)).toBe(Reason.DROP_CERT_ISSUER);
  });

  test('a receipt for a leaf', () => {
    const leaf = forge('Leaf', { issuer: root });
    expect(statusOf(request({ certificates: [leaf.der] }))).toBe(Reason.DROP_CERT_NOT_CA);
  });

  test("a receipt for a stranger's CA", () => {
    const ca = forge('CA', { issuer: stranger, isCa: true });
    expect(statusOf(request({ certificates: [ca.der] }))).toBe(Reason.DROP_CERT_UNTRUSTED);
  });

  test('a receipt with nothing behind it, or cut short', () => {
    const message = encodeRequest(TRANSACTION, challenge, { receipt, certificates: [chain[1]!.der] });
    message[49] = 0;
    expect(statusOf(ask(message))).toBe(Reason.DROP_CHAIN_FORMAT);
    expect(statusOf(ask(message.slice(0, 240).fill(1, 49, 50)))).toBe(Reason.DROP_CHAIN_FORMAT);
  });

  test('a message of a version that is not known, by its name', () => {
    const counted = () => gate.validator.stats().DROP_MESSAGE_VERSION.packets;
    const before = counted();
    const message = encodeRequest(TRANSACTION, challenge, { certificates: [chain[0]!.der] });
    message[4]! += 1;
    expect(ask(message)).toBeUndefined();
    expect(counted()).toBe(before + 1n);
  });

  test('a voucher of somebody who is not the controller', () => {
    const message = encodePresentation(TRANSACTION, challenge, { certificates: [] }, new Uint8Array(64));
    message[48] = 3;
    expect(statusOf(ask(message))).toBe(Reason.DROP_VOUCHER);
  });

  test('a receipt from before its authority was withdrawn', async () => {
    await gate.validator.update({ anchors: [certificatePem(stranger)] });
    expect(statusOf(request({ receipt, certificates: [chain[1]!.der] }))).toBe(Reason.DROP_AUTHORITY_GONE);
  });
});
