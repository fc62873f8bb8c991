import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../pow/test/support/random.js';
import { OffloadClient, ROUTES, sha256Question } from '../../src/client.js';
import { SimulatedHardware } from '../../src/index.js';
import { AEAD_KEY, CLIENT, HMAC_KEY, signatureOf, VERIFY_KEY } from '../support/keys.js';
import { Lab, PORT, SERVICE, TIMEOUT_MS } from './lab.js';

const random = new Random(31);
const HELLO = Buffer.from('nobody else is to read this');

/** A client of the lab's that encrypts, and all packets that it sent and got. */
function connect(lab: Lab, timeout = TIMEOUT_MS) {
  const { socket } = lab.connect();
  const packets: Buffer[] = [];
  const send = (packet: Uint8Array) => {
    packets.push(Buffer.from(packet));
    socket.send(packet, PORT, SERVICE.ipv4);
  };
  const client = new OffloadClient({ ...CLIENT, send, encrypted: true, timeout });
  socket.on('message', (packet) => {
    packets.push(packet);
    client.receive(packet);
  });
  return { client, packets, socket };
}

describe('an encrypted session', () => {
  test('carries all operations on all routes, and nothing of them in clear', async () => {
    await using lab = new Lab();
    const clients = [{ ...CLIENT, encrypted: true }];
    const service = await lab.attach({
      hardware: new SimulatedHardware(),
      clients,
      checkEvery: 2,
      stallMs: 10_000,
    });
    const { client, packets } = connect(lab);
    for (const policy of ROUTES) {
      service.update({ policy });
      expect((await client.ask(sha256Question(HELLO))).route).toBe(policy);
      expect(await client.hmac(HMAC_KEY, HELLO)).toEqual(await service.hmac(HMAC_KEY, HELLO));
      const text = random.bytes(1200);
      const sealed = await client.seal(AEAD_KEY, text, { aad: HELLO });
      expect(Buffer.compare(await client.open(AEAD_KEY, sealed, { aad: HELLO }), text)).toBe(0);
      expect(await client.verify(VERIFY_KEY, HELLO, signatureOf(HELLO))).toBe(true);
      await expect(client.hmac(99, HELLO)).rejects.toMatchObject({ code: 'ERR_OFFLOAD_KEY' });
      const digest = Buffer.from(await client.sha256(HELLO));
      expect(packets.every((packet) => !packet.includes(HELLO) && !packet.includes(digest))).toBe(true);
    }
    const large = random.bytes(20_000);
    expect(Buffer.compare(await service.sha256(large), await client.sha256(large))).toBe(0);
    expect(service.stats()).toMatchObject({ sessions: 1, userspace: { wrong: 0 } });
    await lab.detach(service);
  });

  test('is demanded of a client that must encrypt', async () => {
    await using lab = new Lab();
    const service = await lab.attach({ clients: [{ ...CLIENT, encrypted: true }] });
    const { client } = lab.connect();
    await expect(client.sha256(HELLO)).rejects.toMatchObject({ code: 'ERR_OFFLOAD_PLAINTEXT' });
    await lab.detach(service);
  });

  test('takes no packet twice, and none that was changed', async () => {
    await using lab = new Lab();
    const service = await lab.attach({ policy: 'bpf' });
    const { client, packets, socket } = connect(lab);
    await client.sha256(HELLO);
    const request = packets.at(-2)!;
    const changed = Buffer.from(request);
    changed.writeBigUInt64BE(changed.readBigUInt64BE(24) + 1n, 24);
    const dropped = () => {
      const { DROP_REPLAY, DROP_OFFLOAD_TAG } = service.stats().reasons;
      return [Number(DROP_REPLAY.packets), Number(DROP_OFFLOAD_TAG.packets)];
    };
    expect(dropped()).toEqual([0, 0]);
    socket.send(request, PORT, SERVICE.ipv4);
    socket.send(changed, PORT, SERVICE.ipv4);
    await expect.poll(dropped, { timeout: TIMEOUT_MS }).toEqual([1, 1]);
    /* What was changed took no counter from the client. */
    expect(await client.sha256(HELLO)).toHaveLength(32);
    await lab.detach(service);
  });

  test('is renewed in time, at most four at a time', async () => {
    await using lab = new Lab();
    const service = await lab.attach({ sessionSeconds: 1 });
    const { client } = connect(lab);
    for (const end = Date.now() + 1600; Date.now() < end; await delay(50))
      expect(await client.sha256(HELLO)).toHaveLength(32);
    expect(service.stats().sessions).toBeLessThanOrEqual(2);
    await expect.poll(() => service.stats().sessions, { timeout: 10_000 }).toBe(0);
    await lab.detach(service);
  });

  test('that ended is replaced by another one after a timeout', async () => {
    await using lab = new Lab();
    const service = await lab.attach();
    const { client } = connect(lab, 500);
    await client.sha256(HELLO);
    service.update({ clients: [CLIENT] });
    expect(service.stats().sessions).toBe(0);
    await expect(client.sha256(HELLO)).rejects.toMatchObject({ code: 'ERR_OFFLOAD_TIMEOUT' });
    expect(await client.sha256(HELLO)).toHaveLength(32);
    await lab.detach(service);
  });

  test('a fifth one of a client ends its first', async () => {
    await using lab = new Lab();
    const service = await lab.attach({ maxClients: 1 });
    const all = Array.from({ length: 5 }, () => connect(lab, 500).client);
    for (const client of all) await client.sha256(HELLO);
    expect(service.stats().sessions).toBe(4);
    await expect(all[0]!.sha256(HELLO)).rejects.toMatchObject({ code: 'ERR_OFFLOAD_TIMEOUT' });
    expect(await all[4]!.sha256(HELLO)).toHaveLength(32);
    await lab.detach(service);
  });
});
