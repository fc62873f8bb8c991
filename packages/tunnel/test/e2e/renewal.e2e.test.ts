import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Netns } from '../../../core/test/support/netns.js';
import type { RawSocket } from '../../../core/test/support/raw-socket.js';
import type { Suite } from '../../src/contract.js';
import { generatePrivateKey, publicKeyOf } from '../../src/keys.js';
import { type EndStats, TunnelEnd } from './tunnel-end.js';
import { until } from './wireguard-go.js';

/*
 *   left                                right
 *   cb0 10.79.0.1, fd79::1              cb0 10.79.0.2, fd79::2        inside: pings both ways, and iperf3
 *   u0  10.97.0.1 --------------------- u0  10.97.0.2                 underlay, with a tap at both ends
 *
 * CRYPTBPF_REKEYS says how many times keys are renewed.
 */

const REKEYS = Number(process.env.CRYPTBPF_REKEYS ?? 12);
const PORT = 51820;
const SUITES: Suite[] = ['wireguard', 'aes-256-gcm'];
/** Keys are renewed about as often as the controller looks. */
const REKEY_AFTER = 0.05;
/** In every ping, and nowhere on the underlay. */
const PATTERN = 'c0ffee15c0ffee15';
const PLAINTEXT = Buffer.from(PATTERN, 'hex');

class End implements Disposable {
  readonly namespace = Netns.create();
  readonly number: 1 | 2;
  tunnel!: TunnelEnd;
  tap!: RawSocket;

  constructor(number: 1 | 2) {
    this.number = number;
  }

  async up(suite: Suite, privateKey: string, other: string): Promise<void> {
    const [own, far] = this.number === 1 ? [1, 2] : [2, 1];
    this.namespace.addAddress('u0', `10.97.0.${own}/24`);
    this.tap = this.namespace.openSocket('u0');
    const peer = {
      publicKey: publicKeyOf(other, suite),
      allowedIPs: [`10.79.0.${far}/32`, `fd79::${far}/128`],
      endpoint: `10.97.0.${far}:${PORT}`,
    };
    const address = [`10.79.0.${own}/24`, `fd79::${own}/64`];
    const begins = own === 1 ? { rekeyAfter: REKEY_AFTER } : {};
    const options = { name: 'cb0', suite, address, privateKey, listenPort: PORT, peers: [peer], ...begins };
    this.tunnel = await TunnelEnd.up(this.namespace, options);
  }

  /** Half a second's pings to the other one. Returns how many were not answered. */
  async pings(address: string): Promise<number> {
    const child = this.namespace.spawn('ping', [
      '-c',
      '100',
      '-i',
      '0.005',
      '-W',
      '20',
      '-p',
      PATTERN,
      '-q',
      address,
    ]);
    const said = await output(child);
    const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(said) ?? [];
    return Number(sent) - Number(received);
  }

  [Symbol.dispose](): void {
    this.tunnel?.[Symbol.dispose]();
    this.namespace[Symbol.dispose]();
  }
}

/** What came by on the underlay. */
class Capture {
  packets = 0;
  repeats = 0;
  plaintexts = 0;
  /** Counters, in the order of their coming, by receiver's index. */
  readonly #counters = new Map<number, Set<bigint>>();
  readonly #framing: { offset: number; data: number; type: number; littleEndian: boolean };

  constructor(suite: Suite) {
    this.#framing =
      suite === 'wireguard'
        ? { type: 0, data: 4, offset: 4, littleEndian: true }
        : { type: 5, data: 4, offset: 8, littleEndian: false };
  }

  get keys(): number {
    return this.#counters.size;
  }

  /** What waits at a tap. */
  drain(tap: RawSocket): void {
    for (let frame = tap.receive(0); frame; frame = tap.receive(0)) this.#look(frame);
  }

  #look(frame: Uint8Array): void {
    if (Buffer.from(frame.buffer, frame.byteOffset, frame.length).includes(PLAINTEXT)) this.plaintexts++;
    const isUdp = frame[12] === 8 && frame[13] === 0 && frame[23] === 17;
    const payload = frame.subarray(14 + 20 + 8);
    const { type, data, offset, littleEndian } = this.#framing;
    if (!isUdp || payload[type] !== data) return;
    const view = new DataView(payload.buffer, payload.byteOffset + offset);
    const index = view.getUint32(0, littleEndian);
    const counter = view.getBigUint64(4, littleEndian);
    const seen = this.#counters.get(index) ?? new Set();
    this.#counters.set(index, seen);
    if (seen.has(counter)) this.repeats++;
    seen.add(counter);
    this.packets++;
  }
}

describe.each(SUITES)('%s: a tunnel whose keys are renewed all the time', (suite) => {
  it('loses nothing, repeats no nonce and shows nothing', async () => {
    using left = new End(1);
    using right = new End(2);
    Netns.addVeth(left.namespace, right.namespace, ['u0', 'u0']);
    const keys = [generatePrivateKey(suite), generatePrivateKey(suite)] as const;
    await left.up(suite, keys[0], keys[1]);
    await right.up(suite, keys[1], keys[0]);
    const capture = new Capture(suite);
    const drain = setInterval(() => {
      for (const { tap } of [left, right]) capture.drain(tap);
    }, 5);
    try {
      expect(await left.pings('10.79.0.2')).toBe(0); // the first ones waited for the session
      const load = await bulk(left, right);
      const before = await bothStats(left, right);
      let rekeys = 0;
      while (rekeys < REKEYS) {
        const lost = await Promise.all([left.pings('fd79::2'), right.pings('10.79.0.1')]);
        expect(lost).toEqual([0, 0]);
        rekeys = (await left.tunnel.stats()).handshakes.finished! - before[0].handshakes.finished!;
      }
      expect(load.exitCode).toBeNull();
      load.kill('SIGINT');
      await once(load, 'exit');
      await quiet(left, right);
      const after = await bothStats(left, right);
      /* Every packet that was sealed was opened: what TCP sent again, it lost nowhere in the tunnel. */
      expect(after.map(({ drops }) => drops)).toEqual(before.map(({ drops }) => drops));
      expect(after[0].peers[0]!.sent.packets).toBe(after[1].peers[0]!.received.packets);
      expect(after[1].peers[0]!.sent.packets).toBe(after[0].peers[0]!.received.packets);
      for (const { tap } of [left, right]) capture.drain(tap);
      expect(capture.repeats).toBe(0);
      expect(capture.plaintexts).toBe(0);
      expect(capture.keys).toBeGreaterThanOrEqual(REKEYS);
    } finally {
      clearInterval(drain);
    }
  }, 1_200_000);
});

/** TCP from left to right at a rate that sockets and taps keep up with; until it is killed. */
async function bulk(left: End, right: End): Promise<ChildProcess> {
  right.namespace.spawn('iperf3', ['-s'], { stdio: 'ignore' });
  await until(() => right.namespace.exec('ss', '-Hltn', 'sport = :5201').trim() !== '');
  return left.namespace.spawn('iperf3', ['-c', '10.79.0.2', '-b', '20M', '-t', '3600'], { stdio: 'ignore' });
}

async function bothStats(left: End, right: End): Promise<[EndStats, EndStats]> {
  return [await left.tunnel.stats(), await right.tunnel.stats()];
}

/** Until nothing is under way. */
async function quiet(left: End, right: End): Promise<void> {
  let last = '';
  for (let same = 0; same < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const stats = await bothStats(left, right);
    const now = JSON.stringify(stats.map(({ peers }) => [peers[0]!.sent, peers[0]!.received]));
    same = now === last ? same + 1 : 0;
    last = now;
  }
}

async function output(child: ChildProcess): Promise<string> {
  let said = '';
  child.stdout!.on('data', (data) => {
    said += data;
  });
  await once(child, 'close');
  return said;
}
