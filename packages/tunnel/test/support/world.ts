import type { Endpoint, Suite } from '../../src/contract.js';
import { Handshakes, type Outcome } from '../../src/exchange/handshakes.js';
import { tunnelSuite } from '../../src/exchange/suite.js';
import type { Peer } from '../../src/peer/peer.js';
import type { Clock } from '../../src/peer/timing.js';
import { UserPath } from './user-path.js';

/* Two tunnels and the network between them, on a clock that only the test moves. */

const TICK_MS = 250;
export const DATA = Uint8Array.from({ length: 32 }, (_, i) => i);

export class TestClock implements Clock {
  ms = 1_000_000;
  unixOffsetMs = 1_800_000_000_000;

  bootMs(): number {
    return this.ms;
  }

  unixNs(): bigint {
    return BigInt(Math.round((this.unixOffsetMs + this.ms) * 1e6));
  }
}

export interface Datagram {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly bytes: Uint8Array;
}

export interface SideOptions {
  readonly persistentKeepalive?: number;
  readonly pinEndpoint?: boolean;
  readonly presharedKey?: Uint8Array;
  readonly loadPerSecond?: number;
  readonly knowsEndpoint?: boolean;
}

/** One tunnel with one peer. */
export class Side {
  readonly handshakes: Handshakes;
  readonly path: UserPath;
  readonly outcomes: Outcome[] = [];
  readonly world: World;
  readonly options: SideOptions;
  endpoint: Endpoint;
  peer!: Peer;

  constructor(world: World, endpoint: Endpoint, other: Endpoint, options: SideOptions) {
    this.world = world;
    this.endpoint = endpoint;
    this.options = options;
    const privateKey = tunnelSuite(world.suite).noise.dh.generateBytes();
    const { suite, clock } = world;
    const send = (bytes: Uint8Array, to: Endpoint) =>
      world.send({ from: this.endpoint, to, bytes: Uint8Array.from(bytes) });
    const { loadPerSecond, knowsEndpoint = true } = options;
    this.handshakes = new Handshakes({
      suite,
      privateKey,
      clock,
      send,
      ...(loadPerSecond ? { loadPerSecond } : {}),
    });
    this.path = new UserPath({ suite, clock, send, ...(knowsEndpoint ? { endpoint: other } : {}) });
  }

  meet(publicKey: Uint8Array): void {
    this.peer = this.handshakes.add({ publicKey, path: this.path, ...this.options });
  }

  take({ bytes, from }: Datagram): void {
    const isData = this.world.suite === 'wireguard' ? bytes[0] === 4 : bytes[5] === 4;
    if (isData) this.path.receive(bytes, from);
    else this.outcomes.push(this.handshakes.receive(bytes, from));
  }
}

export class World {
  readonly suite: Suite;
  readonly clock = new TestClock();
  readonly a: Side;
  readonly b: Side;
  /** All that was sent, whether it arrived or not. */
  readonly sent: Datagram[] = [];
  /** Which datagrams get through. */
  passes: (datagram: Datagram) => boolean = () => true;
  readonly #queue: Datagram[] = [];

  constructor(suite: Suite, { a = {}, b = {} }: { a?: SideOptions; b?: SideOptions } = {}) {
    this.suite = suite;
    const [here, there] = [
      { address: '192.0.2.1', port: 51820 },
      { address: '2001:db8::2', port: 51821 },
    ];
    this.a = new Side(this, here, there, a);
    this.b = new Side(this, there, here, b);
    this.a.meet(this.b.handshakes.publicKey);
    this.b.meet(this.a.handshakes.publicKey);
  }

  send(datagram: Datagram): void {
    this.sent.push(datagram);
    if (this.passes(datagram)) this.#queue.push(datagram);
  }

  /** Delivers everything, and what it leads to. */
  settle(): void {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      const { address, port } = next.to;
      for (const side of [this.a, this.b]) {
        if (side.endpoint.address === address && side.endpoint.port === port) side.take(next);
      }
    }
  }

  /** Lets time pass; `each` is done after each step of 250 ms. */
  pass(seconds: number, each: () => void = () => {}): void {
    for (let ms = 0; ms < seconds * 1000; ms += TICK_MS) {
      this.clock.ms += TICK_MS;
      this.a.handshakes.tick();
      this.b.handshakes.tick();
      each();
      this.settle();
    }
  }

  connect(): void {
    this.a.peer.connect();
    this.settle();
    this.pass(0.25);
  }

  /** Handshake messages of a type that a side sent. */
  messages(side: Side, type: 1 | 2 | 3): Datagram[] {
    const at = this.suite === 'wireguard' ? 0 : 5;
    return this.sent.filter(({ from, bytes }) => from === side.endpoint && bytes[at] === type);
  }
}
