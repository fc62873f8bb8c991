import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { solve } from '../../src/client.js';
import type { PowGate } from '../../src/index.js';
import { frame } from '../support/packets.js';
import { CLIENT, Lab, OPEN_PORT, PORT, packets, SERVER } from './lab.js';

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.create();
});
afterEach(() => lab[Symbol.dispose]());

describe('a client', () => {
  it('reaches a port that is not protected, and one that was, after it was given free', async () => {
    const gate = await lab.attach();
    expect(lab.connect(SERVER.ipv4, OPEN_PORT)).toBe('open');
    expect(lab.connect()).toBe('timeout');
    gate.update({ ports: [OPEN_PORT] });
    expect(lab.connect()).toBe('open');
    expect(lab.connect(SERVER.ipv4, OPEN_PORT)).toBe('timeout');
  });

  it('on the allow list needs no proof; on the deny list it gets no challenge', async () => {
    const gate = await lab.attach({ allow: ['10.98.0.0/24'], deny: ['fd98::/16'] });
    expect(lab.connect()).toBe('open');
    expect(lab.solve(SERVER.ipv6)).toBe('ERR_POW_TIMEOUT');
    gate.update({ allow: [], deny: [] });
    expect(lab.connect()).toBe('timeout');
    expect(lab.solve(SERVER.ipv6)).toMatchObject({ lifetime: 3600 });
  });

  it('that is revoked is out, and may prove anew', async () => {
    const gate = await lab.attach();
    lab.solve();
    expect(lab.connect()).toBe('open');
    expect(gate.revoke(CLIENT.ipv4)).toBe(true);
    expect(gate.revoke(CLIENT.ipv4)).toBe(false);
    expect(lab.connect()).toBe('timeout');
    expect(lab.solve()).toMatchObject({ lifetime: 3600 });
  });

  it('passes in monitor mode, and is counted', async () => {
    const gate = await lab.attach({ monitor: true });
    expect(lab.connect()).toBe('open');
    expect(packets(gate, 'PASS_MONITORED')).toBeGreaterThan(0);
    expect(packets(gate, 'PASS_MONITORED')).toBe(packets(gate, 'DROP_NOT_ADMITTED'));
    gate.update({ monitor: false });
    expect(lab.connect()).toBe('timeout');
  });

  it('is out when its time is over, without a controller doing anything', async () => {
    const seconds = lab.patience(3);
    await lab.attach({ lifetime: { min: seconds, max: seconds } });
    lab.solve();
    expect(lab.connect()).toBe('open');
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    expect(lab.connect()).toBe('timeout');
  });

  it('who speaks HTTP is let in by the application', async () => {
    const gate = await lab.attach();
    const challenge = gate.challengeFor(CLIENT.ipv4);
    const { nonce } = await solve(challenge);
    expect(gate.admit('10.98.0.3', { challenge, nonce })).toMatchObject({
      admitted: false,
      reason: 'DROP_TAG',
    });
    expect(gate.admit(CLIENT.ipv4, { challenge, nonce: nonce + 1n }).admitted).toBe(false);
    expect(gate.admit(CLIENT.ipv4, { challenge, nonce })).toMatchObject({
      admitted: true,
      lifetime: 3600,
      renewAfter: 2700,
    });
    expect(lab.connect()).toBe('open');
    gate.update({ deny: [`${CLIENT.ipv4}/32`] });
    expect(() => gate.challengeFor(CLIENT.ipv4)).toThrow(expect.objectContaining({ code: 'ERR_REFUSED' }));
  });
});

describe('messages', () => {
  it.each([
    ['one tag', [5]],
    ['two tags', [{ id: 7, type: 0x88a8 }, 9]],
  ])('behind %s are answered behind the same', async (_title, vlan) => {
    await lab.attach();
    const socket = lab.client.openSocket('c0');
    const payload = new Uint8Array(64);
    payload.set([0x50, 0x4f, 0x57, 0x21, 1, 1]);
    payload.set([1, 2, 3, 4, 5, 6, 7, 8], 8);
    const ip = { source: CLIENT.ipv4, destination: SERVER.ipv4 };
    const udp = { sourcePort: 4000, destinationPort: 22305 };
    const hello = frame({ vlan, ip, udp, payload });
    hello.set(lab.server.macOf('s0'), 0);
    hello.set(lab.client.macOf('c0'), 6);
    const isTo = (received: Uint8Array) =>
      Buffer.compare(received.subarray(0, 6), lab.client.macOf('c0')) === 0;
    socket.send(hello);
    const answer = socket.receive(2000, (received) => received.length === hello.length && isTo(received))!;
    const tags = 4 * vlan.length;
    expect(answer.subarray(12, 14 + tags)).toEqual(hello.subarray(12, 14 + tags));
    expect(answer.subarray(42 + tags, 58 + tags)).toEqual(
      Uint8Array.from([0x50, 0x4f, 0x57, 0x21, 1, 2, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
    );
  });

  it('are told of as events', async () => {
    const gate = await lab.attach();
    lab.connect();
    lab.solve();
    const events = [];
    for await (const event of gate.events({ signal: AbortSignal.timeout(500) })) events.push(event);
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'rejected',
        reason: 'DROP_NOT_ADMITTED',
        source: CLIENT.ipv4,
        port: PORT,
        protocol: 'tcp',
      }),
    );
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'admitted',
        reason: 'ANSWER_ADMITTED',
        source: CLIENT.ipv4,
        lifetime: 3600,
        difficulty: 8,
      }),
    );
  });
});

describe('the difficulty', () => {
  async function prove(gate: PowGate, host: number) {
    const challenge = gate.challengeFor(`192.0.2.${host}`);
    const { nonce } = await solve(challenge, { workers: 0 });
    return gate.admit(`192.0.2.${host}`, { challenge, nonce });
  }

  const difficulty = (gate: PowGate) => gate.challengeFor('192.0.2.200')[1];

  it('follows valid proofs, and is bounded', async () => {
    const gate = await lab.attach({
      difficulty: { min: 1, max: 3 },
      lifetime: { min: 100, max: 800 },
      targetAdmissions: 0.1,
      loadStep: 30,
    });
    for (let i = 0; i < 50; i++) gate.challengeFor(`192.0.2.${i}`);
    expect(difficulty(gate)).toBe(1);
    for (let i = 0; i < 30; i++) await prove(gate, i);
    expect(difficulty(gate)).toBe(3);
    expect((await prove(gate, 99)).lifetime).toBeLessThan(400);
  });

  it('comes down by itself', async () => {
    const gate = await lab.attach({ difficulty: { min: 1, max: 3 }, targetAdmissions: 0.5, loadStep: 1 });
    for (let i = 0; i < 3; i++) await prove(gate, i);
    expect(difficulty(gate)).toBeGreaterThan(1);
    await vi.waitFor(() => expect(difficulty(gate)).toBe(1), { timeout: 15_000, interval: 100 });
  });
});
