import { describe, expect, it } from 'vitest';
import type { Suite } from '../src/contract.js';
import { DATA, type Datagram, World } from './support/world.js';

const SUITES: Suite[] = ['wireguard', 'aes-256-gcm'];
const PSK = new Uint8Array(32).fill(9);

const flipped = (bytes: Uint8Array, at: number) => {
  const copy = Uint8Array.from(bytes);
  copy[at < 0 ? copy.length + at : at]! ^= 1;
  return copy;
};

describe.each(SUITES)('%s: a handshake', (suite) => {
  it('takes one round trip, after which both sides send', () => {
    const world = new World(suite);
    world.connect();
    expect(world.sent).toHaveLength(3); // initiation, response, keepalive
    expect(world.a.path.sendPacket(DATA)).toBe(true);
    expect(world.b.path.sendPacket(DATA)).toBe(true);
    world.settle();
    expect(world.b.path.received).toEqual([new Uint8Array(0), DATA]);
    expect(world.a.path.received).toEqual([DATA]);
    expect(world.a.peer.lastHandshake).toBeDefined();
    expect(world.b.peer.lastHandshake).toBeDefined();
  });

  it('has messages of the documented lengths', () => {
    const world = new World(suite);
    world.connect();
    const lengths = world.sent.map(({ bytes }) => bytes.length);
    expect(lengths).toEqual(suite === 'wireguard' ? [148, 92, 32] : [152, 96, 36]);
  });

  it('needs the same preshared key on both sides, and none on either side will do', () => {
    const same = new World(suite, { a: { presharedKey: PSK }, b: { presharedKey: PSK } });
    same.connect();
    expect(same.a.path.current).toBeDefined();
    const different = new World(suite, { a: { presharedKey: PSK } });
    different.connect();
    expect(different.a.path.current).toBeUndefined();
    expect(different.a.outcomes).toEqual(['forged']);
  });

  it('lets the responder send only when the initiator has shown that he has the keys', () => {
    const world = new World(suite);
    world.passes = ({ bytes }) => bytes.length > 40; // no keepalive gets through
    world.connect();
    expect(world.b.path.next).toBeDefined();
    expect(world.b.path.sendPacket(DATA)).toBe(false);
    expect(world.b.peer.lastHandshake).toBeUndefined();
  });

  it('succeeds at once when both sides begin at the same moment', () => {
    const world = new World(suite);
    world.a.peer.connect();
    world.b.peer.connect();
    world.settle();
    for (const side of [world.a, world.b]) expect(side.path.sendPacket(DATA)).toBe(true);
    world.settle();
    expect(world.a.path.received).toContainEqual(DATA);
    expect(world.b.path.received).toContainEqual(DATA);
  });

  it('is not begun with a peer whose endpoint is not known, but answered', () => {
    const world = new World(suite, { b: { knowsEndpoint: false } });
    world.b.peer.connect();
    expect(world.sent).toHaveLength(0);
    world.connect();
    expect(world.b.path.endpoint()).toEqual(world.a.endpoint);
    expect(world.b.path.current).toBeDefined();
  });

  it('is not made with oneself', () => {
    const { a } = new World(suite);
    expect(() => a.handshakes.add({ publicKey: a.handshakes.publicKey, path: a.path })).toThrow(
      /of this tunnel itself/,
    );
  });

  it('follows a peer that moves, unless its endpoint is pinned', () => {
    for (const pinEndpoint of [false, true]) {
      const world = new World(suite, { b: { pinEndpoint } });
      const before = world.a.endpoint;
      world.a.endpoint = { address: '198.51.100.7', port: 1024 };
      world.a.peer.connect();
      world.settle();
      expect(world.messages(world.b, 2)[0]!.to).toEqual(pinEndpoint ? before : world.a.endpoint);
    }
  });
});

describe.each(SUITES)('%s: an attacker', (suite) => {
  /** An initiation of a's that never arrived. */
  const captured = (world: World): Datagram => {
    world.passes = () => false;
    world.a.peer.connect();
    world.passes = () => true;
    return world.sent.at(-1)!;
  };

  /** The one that follows when nothing was heard. */
  const later = (world: World): Datagram => {
    world.passes = () => false;
    world.pass(6);
    world.passes = () => true;
    return world.messages(world.a, 1).at(-1)!;
  };

  it('gets no answer to an initiation with any part changed', () => {
    const world = new World(suite);
    const { bytes, from } = captured(world);
    for (let i = 0; i < bytes.length - 16; i++) {
      expect(['malformed', 'wrongMac']).toContain(world.b.handshakes.receive(flipped(bytes, i), from));
    }
    expect(world.messages(world.b, 2)).toHaveLength(0);
    expect(world.b.handshakes.receive(bytes, from)).toBe('answered');
  });

  it('gets no answer to messages of wrong lengths', () => {
    const world = new World(suite);
    const { bytes, from } = captured(world);
    for (let length = 0; length < bytes.length; length++) {
      expect(world.b.handshakes.receive(bytes.subarray(0, length), from)).toBe('malformed');
    }
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    expect(world.b.handshakes.receive(longer, from)).toBe('malformed');
  });

  it('cannot replay an initiation, nor send an older one', () => {
    const world = new World(suite);
    const old = captured(world);
    const fresh = later(world);
    expect(world.b.handshakes.receive(fresh.bytes, fresh.from)).toBe('answered');
    const session = world.b.path.next;
    world.clock.ms += 1000;
    expect(world.b.handshakes.receive(fresh.bytes, fresh.from)).toBe('replayed');
    expect(world.b.handshakes.receive(old.bytes, old.from)).toBe('replayed');
    expect(world.b.path.next).toBe(session);
  });

  it('who is no peer is told nothing', () => {
    const world = new World(suite);
    const stranger = new World(suite);
    stranger.a.handshakes.add({
      publicKey: world.b.handshakes.publicKey,
      path: stranger.a.path,
      persistentKeepalive: 1,
    });
    stranger.pass(1);
    const { bytes, from } = stranger.messages(stranger.a, 1)[0]!;
    const before = world.sent.length;
    expect(world.b.handshakes.receive(bytes, from)).toBe('unknownPeer');
    expect(world.sent).toHaveLength(before);
  });

  it('cannot end a handshake with a forged response, nor finish it twice', () => {
    const world = new World(suite);
    world.passes = (datagram) => datagram.from === world.a.endpoint;
    world.a.peer.connect();
    world.settle();
    const { bytes, from } = world.messages(world.b, 2)[0]!;
    for (let i = 0; i < bytes.length - 16; i++) {
      expect(world.a.handshakes.receive(flipped(bytes, i), from)).not.toBe('finished');
    }
    expect(world.a.handshakes.receive(bytes, from)).toBe('finished');
    const session = world.a.path.current;
    expect(world.a.handshakes.receive(bytes, from)).toBe('forged');
    expect(world.a.path.current).toBe(session);
  });

  it('cannot send two initiations within 20 ms, even with the keys', () => {
    const world = new World(suite);
    const first = captured(world);
    const second = later(world);
    expect(world.b.handshakes.receive(first.bytes, first.from)).toBe('answered');
    world.clock.ms += 10;
    expect(world.b.handshakes.receive(second.bytes, second.from)).toBe('flood');
    world.clock.ms += 20;
    expect(world.b.handshakes.receive(second.bytes, second.from)).toBe('answered');
  });
});

describe.each(SUITES)('%s: under load', (suite) => {
  const LOAD = { b: { loadPerSecond: 1 } };

  /** b is under load as long as this is called at least once a second. */
  const load = (world: World) => {
    const { bytes, from } = world.messages(world.a, 1)[0]!;
    for (let i = 0; i < 3; i++) world.b.handshakes.receive(bytes, from);
  };

  it('an initiation without a cookie gets one, and no work on curves', () => {
    const world = new World(suite, LOAD);
    world.passes = () => false;
    world.a.peer.connect();
    load(world);
    world.passes = () => true;
    const { bytes, from } = world.messages(world.a, 1)[0]!;
    expect(world.b.handshakes.receive(bytes, from)).toBe('cookieGiven');
    const reply = world.messages(world.b, 3).at(-1)!;
    expect(reply.bytes.length).toBeLessThan(bytes.length);
    expect(world.messages(world.b, 2)).toHaveLength(1); // to what came before the load
  });

  it('the next initiation has the cookie, and is answered', () => {
    const world = new World(suite, LOAD);
    world.passes = ({ bytes }) => bytes.length <= 68; // cookies alone
    world.a.peer.connect();
    load(world);
    world.settle();
    expect(world.a.outcomes).toContain('cookieTaken');
    world.passes = () => true;
    world.pass(5.5, () => load(world));
    expect(world.b.outcomes).toContain('answered');
    expect(world.a.path.current).toBeDefined();
  });

  it('a cookie is of no use at another address or port', () => {
    const world = new World(suite, LOAD);
    world.passes = ({ bytes }) => bytes.length <= 68;
    world.a.peer.connect();
    load(world);
    world.settle();
    world.pass(5.5, () => load(world));
    const { bytes, from } = world.messages(world.a, 1).at(-1)!;
    const before = world.messages(world.b, 2).length;
    for (const source of [
      { ...from, port: from.port + 1 },
      { ...from, address: '192.0.2.9' },
    ]) {
      expect(world.b.handshakes.receive(bytes, source)).toBe('cookieGiven');
    }
    expect(world.messages(world.b, 2)).toHaveLength(before);
    expect(world.b.handshakes.receive(bytes, from)).toBe('answered');
  });

  it('a cookie that was not asked for, or was changed, is refused', () => {
    const world = new World(suite, LOAD);
    world.passes = () => false;
    world.a.peer.connect();
    load(world);
    const { bytes, from } = world.messages(world.b, 3).at(-1)!;
    expect(world.a.handshakes.receive(flipped(bytes, -1), from)).toBe('forged');
    expect(world.a.handshakes.receive(flipped(bytes, suite === 'wireguard' ? 4 : 8), from)).toBe(
      'unknownIndex',
    );
    expect(world.a.handshakes.receive(bytes, from)).toBe('cookieTaken');
  });

  it('a source with a cookie has 20 handshakes a second, 5 at once', () => {
    const world = new World(suite, LOAD);
    world.passes = ({ bytes }) => bytes.length <= 68;
    world.a.peer.connect();
    load(world);
    world.settle();
    world.pass(5.5, () => load(world));
    const { bytes, from } = world.messages(world.a, 1).at(-1)!;
    const outcomes = Array.from({ length: 8 }, () => world.b.handshakes.receive(bytes, from));
    expect(outcomes.filter((outcome) => outcome === 'rateLimited')).toHaveLength(3);
    world.clock.ms += 60;
    expect(world.b.handshakes.receive(bytes, from)).not.toBe('rateLimited');
    expect(world.b.handshakes.receive(bytes, from)).toBe('rateLimited');
  });
});
