import { existsSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Netns } from '../../../core/test/support/netns.js';
import { solve } from '../../src/client.js';
import { CLIENT, hasXdp, kill, Lab, OPEN_PORT, PORT, packets, SERVER, sleep } from './lab.js';

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.create();
});
afterEach(() => lab[Symbol.dispose]());

/** For what happens soon, if this machine is not busy. */
const SOON = { timeout: 15_000, interval: 50 };

const leftBehind = () => (existsSync(lab.pinPath) ? readdirSync(lab.pinPath) : []);

describe('a controller that is killed', () => {
  it('leaves its gate up, and the next one takes it over with whom it had admitted', async () => {
    await kill(await lab.spawnController());
    expect(lab.connect()).toBe('timeout');
    expect(lab.solve()).toMatchObject({ lifetime: 3600 });
    expect(lab.connect()).toBe('open');
    const gate = await lab.attach();
    expect(gate.admitted()).toMatchObject([{ source: CLIENT.ipv4 }]);
    expect(packets(gate, 'ANSWER_ADMITTED')).toBe(1);
    expect(lab.connect()).toBe('open');
    gate.detach();
    expect(hasXdp(lab.server, 's0')).toBe(false);
    expect(leftBehind()).toEqual([]);
  });

  it('takes its gate with it when that is not pinned', async () => {
    const controller = await lab.spawnController({ pin: false });
    expect(lab.connect()).toBe('timeout');
    await kill(controller);
    expect(lab.connect()).toBe('open');
    expect(hasXdp(lab.server, 's0')).toBe(false);
  });

  it('is missed after the clock horizon: no new challenges, and nothing else changes', async () => {
    const clockHorizon = lab.patience(3);
    const controller = await lab.spawnController({ clockHorizon });
    expect(lab.solve()).toMatchObject({ lifetime: 3600 });
    await kill(controller);
    await sleep(1000 * clockHorizon + 200);
    expect(lab.solve(SERVER.ipv6)).toBe('ERR_POW_TIMEOUT');
    expect(lab.connect()).toBe('open');
    expect(lab.connect(SERVER.ipv6)).toBe('timeout');
    const gate = await lab.attach();
    expect(packets(gate, 'DROP_CLOCK_STALE')).toBeGreaterThan(0);
    expect(lab.solve(SERVER.ipv6)).toMatchObject({ lifetime: 3600 });
  });

  it('with what was not confirmed leaves its gate there, but open', async () => {
    await kill(await lab.spawnController({ confirmWithin: 4 }));
    await vi.waitFor(() => expect(lab.connect()).toBe('open'), SOON);
    expect(hasXdp(lab.server, 's0')).toBe(true);
  });
});

describe('a gate', () => {
  it('that is not confirmed is detached', async () => {
    await lab.attach({ confirmWithin: 1 });
    expect(hasXdp(lab.server, 's0')).toBe(true);
    await vi.waitFor(() => expect(hasXdp(lab.server, 's0')).toBe(false), SOON);
    expect(lab.connect()).toBe('open');
    expect(leftBehind()).toEqual([]);
  });

  it('that is confirmed stays', async () => {
    const gate = await lab.attach({ confirmWithin: 1 });
    gate.confirm();
    await sleep(1100);
    expect(lab.connect()).toBe('timeout');
  });

  it('that cannot come up leaves nothing behind', async () => {
    await expect(lab.attach({ interface: ['s0', 'nonesuch'] })).rejects.toMatchObject({
      code: 'ERR_NO_INTERFACE',
    });
    await expect(lab.attach({ ports: [] })).rejects.toMatchObject({ code: 'ERR_BAD_OPTION' });
    expect(hasXdp(lab.server, 's0')).toBe(false);
    expect(leftBehind()).toEqual([]);
  });

  it('that cannot be taken over stays as it was', async () => {
    (await lab.attach()).close();
    await expect(lab.attach({ interface: ['s0', 'nonesuch'], name: 's0' })).rejects.toMatchObject({
      code: 'ERR_NO_INTERFACE',
    });
    expect(lab.connect()).toBe('timeout');
    expect(lab.solve()).toMatchObject({ lifetime: 3600 });
  });

  it('is used no more after close() and detach()', async () => {
    const gate = await lab.attach();
    gate.detach();
    const uses = [() => gate.stats(), () => gate.events(), () => gate.pin(), () => gate.detach()];
    for (const use of uses) expect(use).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
    gate.close();
  });

  it('lets those stay who were connected before it came up, for their grace', async () => {
    const { client, stop, echoes } = connectFirst();
    await expect(echoes()).resolves.toBe(true);
    const gate = await lab.attach({ grace: lab.patience(2) });
    expect(gate.admitted()).toMatchObject([{ source: CLIENT.ipv4, origin: 'established' }]);
    await expect(echoes()).resolves.toBe(true);
    await vi.waitFor(() => expect(gate.admitted()).toEqual([]), SOON);
    await expect(echoes(700)).resolves.toBe(false);
    stop();
    expect(client.killed).toBe(true);
  });

  it('comes back on an interface that was made anew', async () => {
    const controller = await lab.spawnController();
    expect(lab.connect()).toBe('timeout');
    lab.server.ip('link', 'delete', 's0');
    Netns.addVeth(lab.client, lab.server, ['c0', 's0']);
    lab.address();
    await vi.waitFor(() => expect(hasXdp(lab.server, 's0')).toBe(true), SOON);
    expect(lab.connect()).toBe('timeout');
    expect(lab.solve()).toMatchObject({ lifetime: 3600 });
    expect(lab.connect()).toBe('open');
    await kill(controller);
  });

  it('on several interfaces admits for all of them', async () => {
    Netns.addVeth(lab.client, lab.server, ['c1', 's1']);
    const gate = await lab.attach({ interface: ['s0', 's1'] });
    expect(gate.attachments).toEqual([
      { interface: 's0', kind: 'chain' },
      { interface: 's1', kind: 'chain' },
    ]);
    lab.solve();
    expect(gate.admitted()).toHaveLength(1);
    const next = await lab.attach({ interface: ['s1'], name: 's0' });
    expect([hasXdp(lab.server, 's0'), hasXdp(lab.server, 's1')]).toEqual([false, true]);
    expect(next.admitted()).toHaveLength(1);
  });

  it('is not put where another one is', async () => {
    await lab.attach();
    await expect(lab.attach({ name: 'other' })).rejects.toMatchObject({
      code: 'ERR_BUSY',
      message: 'interface s0 has another pow gate: detach that one first',
    });
    await expect(lab.attach({ name: 'third', pin: false })).rejects.toMatchObject({ code: 'ERR_BUSY' });
    expect(lab.connect()).toBe('timeout');
  });

  it('that was not pinned is from pin() on, without a gap, and with whom it had admitted', async () => {
    const gate = await lab.attach({ pin: false });
    expect(lab.solve()).toMatchObject({ lifetime: 3600 });
    const before = packets(gate, 'DROP_NOT_ADMITTED');
    lab.server.run(() => gate.pin());
    lab.server.run(() => gate.pin());
    expect(gate.attachments).toEqual([{ interface: 's0', kind: 'chain' }]);
    expect(lab.connect(SERVER.ipv6)).toBe('timeout');
    expect(packets(gate, 'DROP_NOT_ADMITTED')).toBeGreaterThan(before);
    gate.close();
    expect(lab.connect(SERVER.ipv6)).toBe('timeout');
    const next = await lab.attach();
    expect(next.admitted()).toMatchObject([{ source: CLIENT.ipv4 }]);
    expect(lab.connect()).toBe('open');
    lab.server.run(() => next.detach());
    expect(hasXdp(lab.server, 's0')).toBe(false);
    expect(leftBehind()).toEqual([]);
  });

  it('is not pinned where there is one of its name', async () => {
    Netns.addVeth(lab.client, lab.server, ['c1', 's1']);
    await lab.attach();
    const gate = await lab.attach({ interface: 's1', name: 's0', pin: false });
    expect(() => lab.server.run(() => gate.pin())).toThrow(expect.objectContaining({ code: 'ERR_EXISTS' }));
    expect(gate.attachments).toEqual([{ interface: 's1', kind: 'xdp' }]);
    gate.detach();
    expect([hasXdp(lab.server, 's0'), hasXdp(lab.server, 's1')]).toEqual([true, false]);
  });

  it('that lets challenges live longer takes none from before: it may have forgotten that they were spent', async () => {
    const gate = await lab.attach({ challengeLifetime: 20, clockSkew: 0.01 });
    const challenge = gate.challengeFor('192.0.2.9');
    const { nonce } = await solve(challenge);
    gate.update({ challengeLifetime: 10 });
    gate.update({ challengeLifetime: 30 });
    expect(gate.admit('192.0.2.9', { challenge, nonce }).reason).toBe('DROP_CHALLENGE_BEFORE_START');
    await sleep(50);
    const next = gate.challengeFor('192.0.2.9');
    const solution = await solve(next);
    expect(gate.admit('192.0.2.9', { challenge: next, nonce: solution.nonce }).admitted).toBe(true);
  });

  it('that takes other prefixes for one source has admitted none of them', async () => {
    const gate = await lab.attach();
    const challenge = gate.challengeFor('2001:db8::1');
    const { nonce } = await solve(challenge);
    expect(gate.admit('2001:db8::1', { challenge, nonce }).admitted).toBe(true);
    gate.update({ difficulty: { min: 7, max: 9 } });
    expect(gate.admitted()).toMatchObject([{ source: '2001:db8::/64' }]);
    gate.update({ sourcePrefix: { ipv4: 32, ipv6: 48 } });
    expect(gate.admitted()).toEqual([]);
  });

  it('is replaced while packets flow, and none slips through', async () => {
    const gate = await lab.attach();
    const before = packets(gate, 'PASS_UNPROTECTED');
    for (let i = 0; i < 5; i++) (await lab.attach({ ports: [PORT, 9000 + i] })).close();
    expect(lab.connect(SERVER.ipv4, OPEN_PORT)).toBe('open');
    expect(packets(gate, 'PASS_UNPROTECTED')).toBeGreaterThan(before);
    expect(packets(gate, 'DROP_CHAIN_EMPTY')).toBe(0);
    expect(lab.connect()).toBe('timeout');
  });
});

describe('secrets', () => {
  it('that gates share let each take the challenges of the other, once', async () => {
    const secret = { id: 3, key: new Uint8Array(32).fill(7) };
    const one = await lab.attach({ secret });
    Netns.addVeth(lab.client, lab.server, ['c1', 's1']);
    const other = await lab.attach({ interface: 's1', secret });
    await sleep(5);
    const challenge = one.challengeFor('192.0.2.9');
    const { nonce } = await solve(challenge);
    expect(other.admit('192.0.2.9', { challenge, nonce }).admitted).toBe(true);
    expect(other.admit('192.0.2.9', { challenge, nonce }).reason).not.toBe('DROP_TAG');
    expect(packets(other, 'DROP_SPENT')).toBe(1);
  });

  it('rotate: the one before still counts, the one before that does not', async () => {
    const gate = await lab.attach();
    const challenge = gate.challengeFor('192.0.2.9');
    const { nonce } = await solve(challenge);
    gate.rotate();
    gate.rotate();
    expect(gate.admit('192.0.2.9', { challenge, nonce }).reason).toBe('DROP_KEY_ID');
    const next = gate.challengeFor('192.0.2.9');
    const solution = await solve(next);
    gate.rotate();
    expect(gate.admit('192.0.2.9', { challenge: next, nonce: solution.nonce }).admitted).toBe(true);
  });

  it('stay when a controller takes over without one', async () => {
    const gate = await lab.attach();
    const challenge = gate.challengeFor('192.0.2.9');
    const { nonce } = await solve(challenge);
    gate.close();
    const next = await lab.attach();
    expect(next.admit('192.0.2.9', { challenge, nonce }).admitted).toBe(true);
  });

  it('a gate with a memory of its own refuses what was issued before it', async () => {
    const secret = { id: 3, key: new Uint8Array(32).fill(7) };
    const gate = await lab.attach({ secret });
    const challenge = gate.challengeFor('192.0.2.9');
    const { nonce } = await solve(challenge);
    gate.detach();
    await sleep(5);
    const next = await lab.attach({ secret });
    expect(next.admit('192.0.2.9', { challenge, nonce }).reason).toBe('DROP_CHALLENGE_BEFORE_START');
  });
});

/** A connection that was there before the gate; echoes(): whether the server still answers on it. */
function connectFirst() {
  const client = lab.client.spawn('node', ['-e', ECHO, SERVER.ipv4, String(PORT)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const echoes = (patienceMs = 10_000) =>
    new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), patienceMs);
      client.stdout!.once('data', () => {
        clearTimeout(timer);
        resolve(true);
      });
      client.stdin!.write('ping');
    });
  return { client, echoes, stop: () => client.kill() };
}

const ECHO = `
  const socket = require('node:net').connect(process.argv[2], process.argv[1]);
  socket.once('data', () => { process.stdin.on('data', (data) => socket.write(data)); socket.on('data', (data) => process.stdout.write(data)); });
`;
