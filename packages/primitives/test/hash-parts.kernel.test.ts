import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Link } from '@cryptbpf/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Netns } from '../../core/test/support/netns.js';
import type { RawSocket } from '../../core/test/support/raw-socket.js';
import { HashFunction, hashCallCodec } from '../src/hashes.gen.js';
import { HashCrypto } from '../src/hashes.js';
import { Random } from './support/random.js';

/*
 *   a  c0 ------------- s0  b      jumbo frames; the programs are on s0
 */

const ETHERNET_BYTES = 14;
const [a, b] = [Netns.create(), Netns.create()];
const hashes = new HashCrypto();
const random = new Random('parts');
const call = hashes.object.maps.calls.view();
let socket: RawSocket;

beforeAll(() => {
  Netns.addVeth(a, b, ['c0', 's0']);
  a.ip('link', 'set', 'c0', 'mtu', '9200');
  b.ip('link', 'set', 's0', 'mtu', '9200');
  socket = a.openSocket('c0');
});

afterAll(() => {
  for (const resource of [a, b, hashes]) resource[Symbol.dispose]();
});

/** An Ethernet frame of an experimental protocol, which nothing else sends here. */
function frameOf(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(ETHERNET_BYTES + message.length);
  frame.set([...b.macOf('s0'), ...a.macOf('c0'), 0x88, 0xb5]);
  frame.set(message, ETHERNET_BYTES);
  return frame;
}

/** What the program on s0 says of the frame; other frames there are shorter, and are refused. */
async function hashOnTheWire(message: Uint8Array) {
  const fields = { function: HashFunction.HASH_SHA256, offset: ETHERNET_BYTES, length: message.length };
  hashCallCodec.encode(call, 0, { ...hashCallCodec.decode(call, 0), ...fields, runs: 0 });
  socket.send(frameOf(message));
  for (let wait = 0; wait < 100; wait++) {
    const { runs, result, linear } = hashCallCodec.decode(call, 0);
    if (runs > 0) return { digest: Buffer.from(result.slice(0, 32)).toString('hex'), linear };
    await setTimeout(20);
  }
  throw new Error('no frame was hashed');
}

async function expectRight(attach: () => Link) {
  const link = b.run(attach);
  try {
    await expectJumbosRight();
  } finally {
    b.run(() => link.close());
  }
}

async function expectJumbosRight() {
  for (const length of [1000, 4500, 8000, 9000]) {
    const message = random.bytes(length);
    const { digest, linear } = await hashOnTheWire(message);
    expect(digest).toBe(createHash('sha256').update(message).digest('hex'));
    if (length > 4096) expect(linear).toBeLessThan(length);
  }
}

test('TC hashes packets whose bytes are in several parts', async () => {
  const { hash_tc } = hashes.object.programs;
  await expectRight(() => hash_tc.attachTc('s0', 'ingress'));
});

test('XDP hashes frames in several buffers', async () => {
  const { hash_xdp } = hashes.object.programs;
  await expectRight(() => hash_xdp.attachXdp('s0', { mode: 'native' }));
});
