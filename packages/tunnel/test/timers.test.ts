import { describe, expect, it } from 'vitest';
import type { Suite } from '../src/contract.js';
import { DATA, type Side, World } from './support/world.js';

const SUITES: Suite[] = ['wireguard', 'aes-256-gcm'];

const INITIATION = 1;

const connected = (suite: Suite, options = {}) => {
  const world = new World(suite, options);
  world.connect();
  return world;
};

/** Traffic one way, four times a second. */
const talk = (side: Side) => () => void side.path.sendPacket(DATA);

describe.each(SUITES)('%s: timers', (suite) => {
  it('a packet without a session starts a handshake, and one more every 5 seconds until it succeeds', () => {
    const world = new World(suite);
    world.passes = () => false;
    world.a.path.sendPacket(DATA);
    world.pass(0.25);
    expect(world.messages(world.a, INITIATION)).toHaveLength(1);
    world.pass(30);
    expect(world.messages(world.a, INITIATION).length).toBeGreaterThanOrEqual(5);
    expect(world.messages(world.a, INITIATION).length).toBeLessThanOrEqual(7);
    world.passes = () => true;
    world.pass(6);
    expect(world.a.path.current).toBeDefined();
  });

  it('every attempt has a new key and a new index', () => {
    const world = new World(suite);
    world.passes = () => false;
    world.a.path.sendPacket(DATA);
    world.pass(30);
    const starts = world
      .messages(world.a, INITIATION)
      .map(({ bytes }) => Buffer.from(bytes.subarray(4, 48)).toString('hex'));
    expect(new Set(starts).size).toBe(starts.length);
  });

  it('after 90 seconds without an answer it gives up, until there is another packet', () => {
    const world = new World(suite);
    world.passes = () => false;
    world.a.path.sendPacket(DATA);
    world.pass(120);
    const tries = world.messages(world.a, INITIATION).length;
    expect(tries).toBeGreaterThanOrEqual(18);
    expect(tries).toBeLessThanOrEqual(20);
    world.pass(60);
    expect(world.messages(world.a, INITIATION)).toHaveLength(tries);
    world.a.path.sendPacket(DATA);
    world.pass(0.25);
    expect(world.messages(world.a, INITIATION)).toHaveLength(tries + 1);
  });

  it('the initiator alone renews the session, after 120 seconds, when he sends', () => {
    const world = connected(suite);
    const first = world.a.path.current;
    world.pass(119);
    talk(world.a)();
    world.pass(2);
    talk(world.b)();
    world.pass(2);
    expect(world.a.path.current).toBe(first);
    talk(world.a)();
    world.pass(0.5);
    expect(world.messages(world.a, INITIATION)).toHaveLength(2);
    expect(world.messages(world.b, INITIATION)).toHaveLength(0);
    expect(world.a.path.current).not.toBe(first);
    expect(world.a.path.previous).toBe(first);
  });

  it('no packet is lost while sessions are renewed', () => {
    const world = connected(suite);
    let sent = 0;
    world.pass(1000, () => {
      if (world.a.path.sendPacket(DATA)) sent++;
      if (world.b.path.sendPacket(DATA)) sent++;
    });
    const received = [...world.a.path.received, ...world.b.path.received].filter(({ length }) => length > 0);
    expect(sent).toBe(8000);
    expect(received).toHaveLength(8000);
    expect(world.messages(world.a, INITIATION)).toHaveLength(1 + Math.floor(1000 / 120));
  });

  it('an initiator who only receives renews it in its last 15 seconds', () => {
    const world = connected(suite);
    world.pass(164);
    talk(world.b)();
    world.pass(0.5);
    expect(world.messages(world.a, INITIATION)).toHaveLength(1);
    world.pass(1);
    talk(world.b)();
    world.pass(0.5);
    expect(world.messages(world.a, INITIATION)).toHaveLength(2);
    expect(world.a.path.current!.createdMs).toBeGreaterThan(world.clock.ms - 1000);
  });

  it('who receives and has nothing to say sends a keepalive after 10 seconds', () => {
    const world = connected(suite);
    world.pass(1, talk(world.a));
    const before = world.a.path.received.length;
    world.pass(8.5);
    expect(world.a.path.received).toHaveLength(before);
    world.pass(1.5);
    expect(world.a.path.received).toHaveLength(before + 1);
    expect(world.a.path.received.at(-1)).toHaveLength(0);
    world.pass(60);
    expect(world.a.path.received.length).toBeLessThanOrEqual(before + 2);
  });

  it('who sends and hears nothing for 15 seconds begins a handshake', () => {
    const world = connected(suite);
    world.b.path.clear(); // a restart
    world.pass(14, talk(world.a));
    expect(world.messages(world.a, INITIATION)).toHaveLength(1);
    world.pass(3, talk(world.a));
    expect(world.messages(world.a, INITIATION)).toHaveLength(2);
    expect(world.b.path.received.at(-1)).toEqual(DATA);
  });

  it('a conversation needs no keepalive and no handshake', () => {
    const world = connected(suite);
    const before = world.sent.length;
    world.pass(60, () => {
      world.a.path.sendPacket(DATA);
      world.b.path.sendPacket(DATA);
    });
    expect(world.sent).toHaveLength(before + 2 * 4 * 60);
  });

  it('silence needs nothing at all', () => {
    const world = connected(suite);
    const before = world.sent.length;
    world.pass(600);
    expect(world.sent).toHaveLength(before);
  });

  it('a persistent keepalive connects at once and comes in its interval', () => {
    const world = new World(suite, { a: { persistentKeepalive: 25 } });
    world.pass(0.5);
    expect(world.a.path.current).toBeDefined();
    const before = world.b.path.received.length;
    world.pass(100);
    expect(world.b.path.received).toHaveLength(before + 4);
  });

  it('a persistent keepalive never gives up', () => {
    const world = new World(suite, { a: { persistentKeepalive: 25 } });
    world.passes = () => false;
    world.pass(1000);
    world.passes = () => true;
    world.pass(30);
    expect(world.a.path.current).toBeDefined();
  });

  it('all keys are gone 540 seconds after the last handshake', () => {
    const world = connected(suite);
    world.pass(539);
    expect(world.a.path.current).toBeDefined();
    world.pass(2);
    for (const { path } of [world.a, world.b])
      expect([path.previous, path.current, path.next]).toEqual(Array(3));
  });

  it('a peer that is removed has no keys left, and its messages are not answered', () => {
    const world = connected(suite);
    world.b.handshakes.remove(world.a.handshakes.publicKey);
    expect(world.b.path.current).toBeUndefined();
    world.pass(6);
    world.a.peer.connect();
    world.settle();
    expect(world.b.outcomes.at(-1)).toBe('unknownPeer');
  });

  it('a wall clock that is set back does not stop initiations', () => {
    const world = connected(suite);
    world.clock.unixOffsetMs -= 3_600_000;
    world.pass(6);
    world.a.peer.connect();
    world.settle();
    expect(world.b.outcomes).toEqual(['answered', 'answered']);
  });
});

describe('aes-256-gcm', () => {
  it('is renewed by the number of packets, by either side', () => {
    const world = connected('aes-256-gcm');
    world.pass(6);
    const session = world.b.path.current!;
    session.sent = 2n ** 32n / 10n + 1n;
    world.b.path.sendPacket(DATA);
    world.pass(1);
    expect(world.messages(world.b, INITIATION)).toHaveLength(1);
    expect(world.b.path.current).not.toBe(session);
  });
});
