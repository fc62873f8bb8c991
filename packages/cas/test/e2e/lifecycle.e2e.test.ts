import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../pow/test/support/random.js';
import { cidOf, contentOf } from '../../src/client.js';
import { FAMILIES, Lab, PORT, packets, RECEIVER, until } from './lab.js';

const random = new Random(8);
const GOOD = random.bytes(300);
const BAD = random.bytes(300);

async function packetOf(bytes: Uint8Array): Promise<Uint8Array> {
  for await (const packet of (await contentOf(bytes)).packets()) return packet;
  throw new Error('no packet');
}

function tampered(packet: Uint8Array): Uint8Array {
  const copy = packet.slice();
  copy[copy.length - 1]! ^= 1;
  return copy;
}

describe('lists', () => {
  test('are replaced under traffic without a gap: what is on all of them passes, what is denied never does', async () => {
    using lab = new Lab();
    const [good, bad] = [cidOf(GOOD), cidOf(BAD)];
    const others = Array.from({ length: 5_000 }, () => random.bytes(32));
    const verifier = await lab.protect({ allow: [good, bad, ...others], deny: [bad], maxIds: 20_000 });
    const script = fileURLToPath(new URL('sender.mjs', import.meta.url));
    const hex = [GOOD, BAD].map(async (bytes) => Buffer.from(await packetOf(bytes)).toString('hex'));
    const child = lab.sender.spawn(
      process.execPath,
      [script, String(PORT), RECEIVER.ipv4, ...(await Promise.all(hex))],
      {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      },
    );
    await once(child, 'message');
    const passed = () => packets(verifier.stats(), 'PASS_CONTENT');
    for (let round = 0; round < 12 || passed() <= 100; round++) {
      const rest = others.slice(round * 100);
      await verifier.update({ allow: round % 2 ? [...rest, bad, good] : [good, ...rest], deny: [bad] });
    }
    child.send({});
    const [{ rounds }] = (await once(child, 'message')) as [{ rounds: number }];
    expect(
      await until(
        () =>
          packets(verifier.stats(), 'PASS_CONTENT') + packets(verifier.stats(), 'DROP_ID_DENIED') ===
          2 * rounds,
      ),
    ).toBe(true);
    expect(packets(verifier.stats(), 'PASS_CONTENT')).toBe(rounds);
    expect(packets(verifier.stats(), 'DROP_ID_NOT_ALLOWED')).toBe(0);
    expect(packets(verifier.stats(), 'DROP_LISTS_CHANGING')).toBe(0);
    verifier.detach();
  });

  test('hold a million ids', async () => {
    using lab = new Lab();
    const ids = new Uint8Array(32 * 1_000_000);
    for (let i = 0; i < 1_000_000; i++) new DataView(ids.buffer).setUint32(32 * i, i);
    const list = Array.from({ length: 1_000_000 }, (_, i) => ids.subarray(32 * i, 32 * i + 32));
    const verifier = await lab.protect({ allow: [...list.slice(1), cidOf(GOOD)], maxIds: 1_000_000 });
    await lab.send('ipv4', await packetOf(GOOD));
    await lab.send('ipv4', await packetOf(BAD));
    expect(await until(() => packets(verifier.stats(), 'DROP_ID_NOT_ALLOWED') === 1)).toBe(true);
    expect(packets(verifier.stats(), 'PASS_CONTENT')).toBe(1);
    await expect(verifier.update({ deny: [cidOf(BAD)] })).rejects.toMatchObject({ code: 'ERR_MAP_FULL' });
    await verifier.update({ allow: 'any' });
    await lab.send('ipv4', await packetOf(BAD));
    expect(await until(() => packets(verifier.stats(), 'PASS_CONTENT') === 2)).toBe(true);
    verifier.detach();
  });
});

describe('a verifier', () => {
  test('stays without its controller; the next one takes it over, and detach takes it down', async () => {
    using lab = new Lab();
    const first = await lab.protect();
    await lab.send('ipv6', await packetOf(GOOD));
    expect(await until(() => lab.seen.length === 1)).toBe(true);
    first.close();
    await lab.send('ipv6', tampered(await packetOf(GOOD)));
    const second = await lab.protect({ deny: [cidOf(BAD)] });
    expect(await until(() => packets(second.stats(), 'DROP_CONTENT') === 1)).toBe(true);
    expect(packets(second.stats(), 'PASS_CONTENT')).toBe(1);
    await lab.send('ipv6', await packetOf(BAD));
    expect(await until(() => packets(second.stats(), 'DROP_ID_DENIED') === 1)).toBe(true);
    second.detach();
    await lab.send('ipv6', tampered(await packetOf(GOOD)));
    expect(await until(() => lab.seen.length === 2)).toBe(true);
    expect(existsSync(`${lab.pinPath}/cas-b0`)).toBe(false);
  });

  test('that goes with its process is pinned later', async () => {
    using lab = new Lab();
    const verifier = await lab.protect({ pin: false });
    lab.receiver.run(() => verifier.pin());
    verifier.close();
    await lab.send('ipv4', tampered(await packetOf(GOOD)));
    const next = await lab.protect();
    expect(await until(() => packets(next.stats(), 'DROP_CONTENT') === 1)).toBe(true);
    next.detach();
  });

  test('unconfirmed, opens and goes', async () => {
    using lab = new Lab();
    await lab.protect({ confirmWithin: 0.2 });
    expect(await until(() => !existsSync(`${lab.pinPath}/cas-b0`))).toBe(true);
    for (const family of FAMILIES) await lab.send(family, tampered(await packetOf(GOOD)));
    expect(await until(() => lab.seen.length === 2)).toBe(true);
  });

  test('changes ports, and monitors', async () => {
    using lab = new Lab();
    const verifier = await lab.protect({ monitor: true });
    await lab.send('ipv4', tampered(await packetOf(GOOD)));
    expect(await until(() => lab.seen.length === 1)).toBe(true);
    expect(packets(verifier.stats(), 'PASS_MONITORED')).toBe(1);
    await verifier.update({ monitor: false, ports: [PORT, 9] });
    await lab.send('ipv4', tampered(await packetOf(GOOD)));
    expect(await until(() => packets(verifier.stats(), 'DROP_CONTENT') === 2)).toBe(true);
    await expect(verifier.update({ ports: [0] })).rejects.toThrow(/option ports is 0/);
    await expect(verifier.update({ ports: [] })).rejects.toThrow(/name at least one port/);
    await expect(verifier.update({ allow: ['nonsense'] })).rejects.toThrow(/no CID/);
    await expect(verifier.update({ allow: 'bafy' } as never)).rejects.toThrow(/expected a list of CIDs/);
    await verifier.update({ ports: [9] });
    await lab.send('ipv4', tampered(await packetOf(GOOD)));
    expect(await until(() => lab.seen.length === 2)).toBe(true);
    verifier.detach();
  });

  test('leaves nothing behind when it cannot be attached', async () => {
    using lab = new Lab();
    await expect(lab.protect({ interface: ['b0', 'none'] })).rejects.toThrow(/no interface/);
    await expect(
      lab.protect({ allow: Array.from({ length: 1025 }, () => random.bytes(32)), maxIds: 1024 }),
    ).rejects.toThrow(/room for 1024/);
    expect(existsSync(`${lab.pinPath}/cas-b0`)).toBe(false);
    expect(lab.receiver.ip('link', 'show', 'b0')).not.toMatch(/xdp/);
  });
});

describe('at egress', () => {
  test('datagrams that a network card is to cut are dropped, and a fragmented one as well', async () => {
    using lab = new Lab();
    const guard = await lab.guard();
    const big = Buffer.concat([await packetOf(GOOD), Buffer.alloc(4000)]);
    await lab.send('ipv4', big);
    expect(await until(() => packets(guard.egressStats(), 'DROP_FRAGMENT') === 1)).toBe(true);
    const python = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_UDP, 103, 344)
s.sendto(bytes.fromhex('${Buffer.from(await packetOf(GOOD)).toString('hex')}') * 3, ('${RECEIVER.ipv4}', ${PORT}))`;
    lab.sender.exec('python3', '-c', python);
    expect(await until(() => packets(guard.egressStats(), 'DROP_SEGMENTS') === 1)).toBe(true);
    expect(lab.seen).toEqual([]);
    guard.detach();
  });
});

describe('jumbo frames', () => {
  test('that the driver does not give in one piece are refused when it is attached', async () => {
    using lab = new Lab();
    for (const [namespace, name] of [
      [lab.sender, 'a0'],
      [lab.receiver, 'b0'],
    ] as const)
      namespace.ip('link', 'set', name, 'mtu', '9000');
    await expect(lab.protect({ mode: 'native' })).rejects.toThrow();
    expect(existsSync(`${lab.pinPath}/cas-b0`)).toBe(false);
  });

  test('of one piece are hashed whole', async () => {
    using lab = new Lab();
    for (const [namespace, name] of [
      [lab.sender, 'a0'],
      [lab.receiver, 'b0'],
    ] as const)
      namespace.ip('link', 'set', name, 'mtu', '3000');
    const verifier = await lab.protect({ mode: 'native' });
    const large = random.bytes(2900);
    for await (const packet of (await contentOf(large, { packetBytes: 2972 })).packets()) {
      await lab.send('ipv4', tampered(packet));
      await lab.send('ipv4', packet);
    }
    expect(await until(() => lab.seen.length === 1)).toBe(true);
    expect(packets(verifier.stats(), 'DROP_CONTENT')).toBe(1);
    verifier.detach();
  });
});
