import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { networkNamespace } from '../src/interface.js';
import { Netns } from './support/netns.js';

const BROADCAST = new Uint8Array(6).fill(0xff);
const MINE = [2, 0, 0, 0, 0, 1];

const frame = (type: number[], payload: string) =>
  new Uint8Array([...BROADCAST, ...MINE, ...type, ...new TextEncoder().encode(payload.padEnd(46))]);

const isMine = (received: Uint8Array) => received.slice(6, 12).join() === MINE.join();

test('frames go from one namespace to another', () => {
  using a = Netns.create();
  using b = Netns.create();
  Netns.addVeth(a, b, ['veth0', 'veth0']);
  const receiver = b.openSocket('veth0');
  const sent = frame([0x88, 0xb5], 'hello');
  a.openSocket('veth0').send(sent);
  expect(receiver.receive(1000, isMine)).toEqual(sent);
  expect(receiver.receive(0, isMine)).toBeUndefined();
});

test('VLAN tags are received where they were sent', () => {
  using a = Netns.create();
  using b = Netns.create();
  Netns.addVeth(a, b, ['veth0', 'veth0']);
  const receiver = b.openSocket('veth0');
  const sender = a.openSocket('veth0');
  for (const tags of [
    [0x81, 0, 0x20, 7],
    [0x88, 0xa8, 0, 9, 0x81, 0, 0, 7],
  ]) {
    const sent = frame([...tags, 0x88, 0xb5], 'tagged');
    sender.send(sent);
    expect(receiver.receive(1000, isMine)).toEqual(sent);
  }
});

test('what runs inside is inside, and the thread is back outside afterwards', () => {
  using ns = Netns.create();
  const outside = networkNamespace();
  const inside = ns.run(() => networkNamespace());
  expect(inside).not.toBe(outside);
  expect(networkNamespace()).toBe(outside);
  expect(ns.exec('stat', '-L', '-c', '%i', '/proc/self/ns/net').trim()).toBe(String(inside));
  expect(() =>
    ns.run(() => {
      throw new Error('a failure inside');
    }),
  ).toThrow('a failure inside');
  expect(networkNamespace()).toBe(outside);
});

test('nothing is left of a namespace, not even its processes', async () => {
  let name: string;
  let exit: Promise<unknown>;
  {
    using ns = Netns.create();
    name = ns.name;
    ns.addAddress('lo', '10.9.8.7/32');
    ns.addAddress('lo', 'fd00::7/128');
    Netns.addVeth(ns, ns, ['veth0', 'veth1']);
    ns.xdpPass('veth1');
    expect(ns.ip('link', 'show', 'veth1')).toContain('prog/xdp');
    expect(ns.macOf('veth1')).toHaveLength(6);
    expect(ns.indexOf('veth1')).toBeGreaterThan(1);
    const child = ns.spawn('sleep', ['60']);
    await once(child, 'spawn');
    exit = once(child, 'exit');
    expect(readdirSync('/run/netns')).toContain(name);
  }
  expect(await exit).toEqual([null, 'SIGKILL']);
  expect(readdirSync('/run/netns')).not.toContain(name);
});
