import { bootTimeNs } from '@cryptbpf/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Netns } from '../../../core/test/support/netns.js';
import type { Endpoint } from '../../src/contract.js';
import { Handshakes, type Outcome } from '../../src/exchange/handshakes.js';
import { MacWriter } from '../../src/exchange/macs.js';
import { writeInitiation } from '../../src/exchange/messages.js';
import { Sockets } from '../../src/exchange/sockets.js';
import { tunnelSuite } from '../../src/exchange/suite.js';
import { x25519 } from '../../src/noise/diffie-hellman.js';
import type { Peer } from '../../src/peer/peer.js';
import { isEchoReply, isUdp, ping } from '../support/ping.js';
import { UserPath } from '../support/user-path.js';
import { until, WireguardGo } from './wireguard-go.js';

/*
 * One namespace, with its loopback between:
 *
 *   wireguard-go, 10.77.n.2 on its own device    |    our handshakes, 10.77.n.1, with a data path in user space
 */

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const LOOPBACK = { ipv4: '127.0.0.1', ipv6: '::1' };
const PSK = Uint8Array.from({ length: 32 }, (_, i) => i + 1);

let namespace: Netns;
beforeAll(() => {
  namespace = Netns.create();
});
afterAll(() => namespace[Symbol.dispose]());

let pairs = 0;

interface PairOptions {
  readonly family?: 'ipv4' | 'ipv6';
  readonly presharedKey?: Uint8Array;
  readonly loadPerSecond?: number;
}

/** A wireguard-go and us. */
class Pair implements Disposable {
  readonly subnet = `10.77.${pairs++}`;
  readonly outcomes: Outcome[] = [];
  readonly handshakes: Handshakes;
  readonly path: UserPath;
  /** By how much our clock is ahead. */
  aheadMs = 0;
  sockets!: Sockets;
  theirs!: WireguardGo;
  theirKey!: Uint8Array;
  theirEndpoint!: Endpoint;
  peer!: Peer;
  readonly #timer = setInterval(() => this.handshakes.tick(), 100);

  private constructor(loadPerSecond: number | undefined) {
    const clock = {
      bootMs: () => Number(bootTimeNs()) / 1e6 + this.aheadMs,
      unixNs: () => BigInt(Date.now() + this.aheadMs) * 1_000_000n,
    };
    const common = {
      suite: 'wireguard' as const,
      clock,
      send: (message: Uint8Array, to: Endpoint) => this.sockets.send(message, to),
    };
    const load = loadPerSecond === undefined ? {} : { loadPerSecond };
    this.handshakes = new Handshakes({ ...common, privateKey: x25519.generateBytes(), ...load });
    this.path = new UserPath(common);
    this.listen();
  }

  static async create({ family = 'ipv4', presharedKey, loadPerSecond }: PairOptions = {}): Promise<Pair> {
    const pair = new Pair(loadPerSecond);
    const privateKey = x25519.generateBytes();
    const psk = presharedKey ? { presharedKey } : {};
    pair.theirs = await WireguardGo.start(namespace, base64(privateKey), `${pair.subnet}.2/24`);
    pair.theirKey = x25519.fromBytes(privateKey).publicKey;
    pair.theirEndpoint = { address: LOOPBACK[family], port: pair.theirs.port };
    pair.peer = pair.handshakes.add({ publicKey: pair.theirKey, path: pair.path, ...psk });
    pair.theirs.addPeer({
      publicKey: pair.ourKey,
      allowedIPs: `${pair.subnet}.1/32`,
      endpoint: family === 'ipv6' ? `[::1]:${pair.sockets.port}` : `127.0.0.1:${pair.sockets.port}`,
      ...(presharedKey ? { presharedKey: base64(presharedKey) } : {}),
    });
    return pair;
  }

  get ourKey(): string {
    return base64(this.handshakes.publicKey);
  }

  /** On a new port: where we were before, nobody is. */
  listen(): void {
    this.sockets?.[Symbol.dispose]();
    const onMessage = (message: Uint8Array, source: Endpoint) => {
      if (message[0] === 4) this.path.receive(message, source);
      else this.outcomes.push(this.handshakes.receive(message, source));
    };
    this.sockets = namespace.run(() => Sockets.open({ port: 0, onMessage }));
  }

  /** We begin. */
  async connect(): Promise<void> {
    this.path.setEndpoint(this.theirEndpoint);
    this.peer.connect();
    await until(() => this.path.current !== undefined);
  }

  /** Their kernel answers what we send through the tunnel. */
  async pingThem(): Promise<void> {
    this.path.received.length = 0;
    await until(() => {
      this.path.sendPacket(ping(`${this.subnet}.1`, `${this.subnet}.2`));
      return this.path.received.some(isEchoReply);
    });
  }

  /** Makes them send us something: they begin, where there is no session. */
  async makeThemSend(): Promise<void> {
    this.path.received.length = 0;
    const script = `while :; do echo > /dev/udp/${this.subnet}.1/9; sleep 0.5; done`;
    namespace.spawn('bash', ['-c', script], { stdio: 'ignore' });
    await until(() => this.path.received.some(isUdp));
  }

  count(outcome: Outcome): number {
    return this.outcomes.filter((each) => each === outcome).length;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.handshakes.close();
    this.sockets[Symbol.dispose]();
  }
}

describe.concurrent('with wireguard-go', () => {
  describe.each(['ipv4', 'ipv6'] as const)('over %s', (family) => {
    it.each([
      ['with a preshared key', { family, presharedKey: PSK }],
      ['without one', { family }],
    ])('we begin, %s', async (_, options) => {
      using pair = await Pair.create(options);
      await pair.connect();
      await pair.pingThem();
      expect(pair.outcomes).toEqual(['finished']);
      expect(pair.theirs.peer(pair.ourKey).handshakeSeconds).toBeGreaterThan(0);
    });

    it.each([
      ['with a preshared key', { family, presharedKey: PSK }],
      ['without one', { family }],
    ])('it begins, %s', async (_, options) => {
      using pair = await Pair.create(options);
      await pair.makeThemSend();
      await pair.pingThem();
      expect(pair.outcomes).toEqual(['answered']);
      await until(() => pair.peer.lastHandshake !== undefined);
    });
  });

  it('nothing passes with different preshared keys', async () => {
    using pair = await Pair.create({ presharedKey: PSK });
    pair.theirs.addPeer({ publicKey: pair.ourKey, presharedKey: base64(PSK.map((byte) => byte ^ 1)) });
    pair.path.setEndpoint(pair.theirEndpoint);
    pair.peer.connect();
    await until(() => pair.outcomes.length > 0);
    expect(pair.outcomes).toEqual(['forged']);
    expect(pair.path.current).toBeUndefined();
  });

  it('the session is renewed after two minutes, and the old one stays good', async () => {
    using pair = await Pair.create();
    await pair.connect();
    await pair.pingThem();
    const first = pair.path.current!;
    pair.aheadMs += 121_000;
    pair.path.sendPacket(ping(`${pair.subnet}.1`, `${pair.subnet}.2`));
    await until(() => pair.path.current !== first);
    expect(pair.path.previous).toBe(first);
    await pair.pingThem();
    expect(pair.path.current!.sent).toBeGreaterThan(1n);
  });

  it('it finds us where we moved', async () => {
    using pair = await Pair.create();
    await pair.connect();
    await pair.pingThem();
    pair.listen();
    await pair.pingThem();
    expect(pair.theirs.peer(pair.ourKey).endpoint).toBe(`127.0.0.1:${pair.sockets.port}`);
    expect(pair.outcomes).toEqual(['finished']);
  });

  it('we find it after a restart', async () => {
    using pair = await Pair.create();
    await pair.connect();
    await pair.pingThem();
    await pair.theirs.restart();
    pair.theirs.addPeer({ publicKey: pair.ourKey, allowedIPs: `${pair.subnet}.1/32` });
    pair.path.sendPacket(ping(`${pair.subnet}.1`, `${pair.subnet}.2`));
    pair.handshakes.tick();
    pair.aheadMs += 16_000; // what it takes to see that nobody answers
    await until(() => pair.count('finished') === 2);
    await pair.pingThem();
  });

  it('it takes our cookie when we are under load', async () => {
    using pair = await Pair.create({ loadPerSecond: 0 });
    await pair.makeThemSend();
    expect(pair.outcomes).toEqual(['cookieGiven', 'answered']);
  });

  it('we take its cookie when it is under load', async () => {
    using pair = await Pair.create();
    pair.path.setEndpoint(pair.theirEndpoint);
    await until(() => {
      flood(pair);
      pair.peer.connect();
      pair.aheadMs += 5_000;
      return pair.count('cookieTaken') > 0;
    });
    await until(() => {
      flood(pair);
      pair.peer.connect();
      pair.aheadMs += 5_000;
      return pair.count('finished') > 0;
    });
    await pair.pingThem();
  });
});

/** Initiations that nobody can tell from true ones without work on curves. */
function flood({ theirKey, theirEndpoint, sockets }: Pair): void {
  const suite = tunnelSuite('wireguard');
  const macs = new MacWriter(suite, theirKey);
  const message = writeInitiation(suite, 0, new Uint8Array(108).fill(9));
  macs.write(message, 0);
  for (let i = 0; i < 1000; i++) sockets.send(message, theirEndpoint);
}
