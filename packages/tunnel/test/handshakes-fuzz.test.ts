import { randomBytes, randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Suite } from '../src/contract.js';
import { Handshakes } from '../src/exchange/handshakes.js';
import { MacWriter } from '../src/exchange/macs.js';
import { readMessage } from '../src/exchange/messages.js';
import { tunnelSuite } from '../src/exchange/suite.js';
import { UserPath } from './support/user-path.js';
import { DATA, TestClock, World } from './support/world.js';

const SUITES: Suite[] = ['wireguard', 'aes-256-gcm'];
const ROUNDS = Number(process.env.CRYPTBPF_FUZZ ?? 2_000);
const PEERS = 200;

describe.each(SUITES)('%s: in all that may come', (name) => {
  const suite = tunnelSuite(name);

  /** One of the messages of a true handshake, bent. */
  const mutate = (message: Uint8Array): Uint8Array => {
    const copy = Uint8Array.from(message);
    const kind = randomInt(5);
    if (kind === 0) return Uint8Array.from(randomBytes(randomInt(200)));
    if (kind === 1) return copy.subarray(0, randomInt(copy.length));
    if (kind === 2) copy.set(randomBytes(8), randomInt(copy.length - 8));
    else copy[randomInt(copy.length)]! ^= 1 << randomInt(8);
    return copy;
  };

  it('nothing throws, finishes a handshake or ends a session', () => {
    const world = new World(name);
    world.connect();
    const session = world.b.path.current;
    const messages = world.sent.map(({ bytes }) => bytes);
    const macs = new MacWriter(suite, world.b.handshakes.publicKey);
    for (let i = 0; i < ROUNDS; i++) {
      const bytes = mutate(messages[randomInt(messages.length)]!);
      const isMessage = readMessage(suite, bytes) !== undefined;
      // Half of them with the right mac1, as an attacker can make them who knows the public key.
      if (isMessage && bytes.length > 80 && i % 2) macs.write(bytes, 0);
      world.clock.ms += 50;
      const outcome = world.b.handshakes.receive(bytes, { address: '203.0.113.1', port: 1 });
      expect(['malformed', 'wrongMac', 'forged', 'replayed', 'unknownIndex', 'unknownPeer']).toContain(
        outcome,
      );
    }
    expect(world.b.path.current).toBe(session);
    expect(world.b.path.endpoint()).toEqual(world.a.endpoint);
    expect(world.messages(world.b, 2)).toHaveLength(1);
  });

  it('a responder keeps its peers apart, however many begin at once', () => {
    const clock = new TestClock();
    const server = { address: '192.0.2.1', port: 51820 };
    const byPort = new Map<number, (bytes: Uint8Array) => void>();
    const responder = new Handshakes({
      suite: name,
      privateKey: suite.noise.dh.generateBytes(),
      clock,
      send: (bytes, { port }) => byPort.get(port)!(bytes),
    });
    const paths: UserPath[] = [];
    for (let port = 1; port <= PEERS; port++) {
      const here = { address: '198.51.100.1', port };
      const send = (bytes: Uint8Array) => {
        if (!readMessage(suite, bytes)) paths[port - 1]!.receive(bytes, here);
        else responder.receive(bytes, here);
      };
      const initiator = new Handshakes({
        suite: name,
        privateKey: suite.noise.dh.generateBytes(),
        clock,
        send: (bytes) => send(bytes),
      });
      const path = new UserPath({ suite: name, clock, endpoint: server, send });
      byPort.set(port, (bytes) => void initiator.receive(bytes, server));
      paths.push(new UserPath({ suite: name, clock, send }));
      responder.add({ publicKey: initiator.publicKey, path: paths.at(-1)! });
      const peer = initiator.add({ publicKey: responder.publicKey, path });
      peer.connect();
      path.sendPacket(DATA);
    }
    for (const path of paths) expect(path.received.at(-1)).toEqual(DATA);
    expect(new Set(paths.map((path) => path.current!.localIndex)).size).toBe(PEERS);
  });
});
