import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../../pow/test/support/random.js';
import { cidOf, contentOf, Receiver } from '../../src/client.js';
import { FAMILIES, Lab, packets, until } from './lab.js';

const random = new Random(5);
const SMALL = random.bytes(900);
const DENIED = random.bytes(100);
const OBJECT = random.bytes(process.env.CRYPTBPF_VM ? 3_000 : 20_000);

const tamper = (packet: Uint8Array, at = packet.length - 1) => {
  const copy = packet.slice();
  copy[at]! ^= 1;
  return copy;
};

let lab: Lab;
beforeAll(() => {
  lab = new Lab();
});
afterAll(() => lab[Symbol.dispose]());

test('what comes in reaches the application if it is what its id says, over both families', async () => {
  const verifier = await lab.protect();
  expect(verifier.attachments.map(({ interface: name }) => name)).toEqual(['b0', 'b0']);
  for (const family of FAMILIES) {
    const content = await contentOf(OBJECT);
    const receiver = new Receiver(content.cid);
    lab.seen.length = 0;
    for await (const packet of content.packets()) {
      await lab.send(family, tamper(packet, 92 + random.below(packet.length - 92)));
      await lab.send(family, packet);
    }
    expect(await until(() => lab.seen.length === content.packetCount)).toBe(true);
    for (const packet of lab.seen) await receiver.accept(packet);
    expect(Buffer.compare(receiver.bytes(), OBJECT)).toBe(0);
  }
  expect(packets(verifier.stats(), 'PASS_CHUNK')).toBe(2 * (await collect(OBJECT)).length);
  expect(packets(verifier.stats(), 'DROP_CHUNK')).toBe(2 * (await collect(OBJECT)).length);
  lab.receiver.run(() => verifier.detach());
});

test('what leaves is what its id says, over both families', async () => {
  const guard = await lab.guard({ deny: [cidOf(DENIED)] });
  const [whole] = await collect(SMALL);
  const [denied] = await collect(DENIED);
  for (const family of FAMILIES) {
    lab.seen.length = 0;
    await lab.send(family, tamper(whole!));
    await lab.send(family, denied!);
    await lab.send(family, new TextEncoder().encode('no content'));
    await lab.send(family, whole!);
    expect(await until(() => lab.seen.length > 0)).toBe(true);
    expect(lab.seen.map((packet) => Buffer.compare(packet, whole!))).toEqual([0]);
  }
  const egress = guard.egressStats();
  expect(
    (['PASS_CONTENT', 'DROP_CONTENT', 'DROP_ID_DENIED', 'DROP_NOT_CONTENT'] as const).map((reason) =>
      packets(egress, reason),
    ),
  ).toEqual([2, 2, 2, 2]);
  lab.sender.run(() => guard.detach());
});

test('events tell of what was dropped', async () => {
  const verifier = await lab.protect();
  const [whole] = await collect(SMALL);
  const events = verifier.events();
  const next = events.next();
  await lab.send('ipv6', tamper(whole!));
  expect((await next).value).toMatchObject({
    reason: 'DROP_CONTENT',
    cid: `${cidOf(SMALL)}`,
    type: 'content',
    direction: 'ingress',
    source: 'fd98::2',
    destination: 'fd98::1',
    port: 4430,
  });
  await events.return(undefined);
  lab.receiver.run(() => verifier.detach());
});

async function collect(bytes: Uint8Array): Promise<Uint8Array[]> {
  const list: Uint8Array[] = [];
  for await (const packet of (await contentOf(bytes)).packets()) list.push(packet);
  return list;
}
