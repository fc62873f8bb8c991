import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Netns } from '../../../core/test/support/netns.js';
import type { RawSocket } from '../../../core/test/support/raw-socket.js';
import type { Suite } from '../../src/contract.js';
import { generatePresharedKey, generatePrivateKey, publicKeyOf } from '../../src/index.js';
import { type Family, innerAddress, outerAddress, PORT, type Side } from './lab.js';
import { transfer } from './transfer.js';
import { TunnelEnd } from './tunnel-end.js';
import { until } from './wireguard-go.js';

/* Two controllers, each a process in a namespace of its own, and nobody who gave them keys for sessions. */

const SIDES: readonly Side[] = ['left', 'right'];
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];
/** What no packet on the underlay may hold. */
const MARK = Buffer.from('plaintextplaintextplaintext');
const PATTERN = MARK.subarray(0, 8);
/** Pings that nobody should answer. */
const CLOSED = ['-c', '2', '-i', '0.2', '-W', '0.5', '-p', PATTERN.toString('hex')];

class World implements Disposable {
  readonly suite: Suite;
  readonly outer: Family;
  readonly namespaces = { left: Netns.create(), right: Netns.create() };
  readonly privateKeys: Record<Side, string>;
  readonly taps: RawSocket[];
  readonly #psk = generatePresharedKey();
  left!: TunnelEnd;
  right!: TunnelEnd;

  constructor(suite: Suite, outer: Family) {
    this.suite = suite;
    this.outer = outer;
    this.privateKeys = { left: generatePrivateKey(suite), right: generatePrivateKey(suite) };
    const { left, right } = this.namespaces;
    Netns.addVeth(left, right, ['u0', 'u0']);
    for (const side of SIDES) {
      this.namespaces[side].addAddress('u0', `${outerAddress(side, 'ipv4')}/24`);
      this.namespaces[side].addAddress('u0', `${outerAddress(side, 'ipv6')}/64`);
    }
    this.taps = SIDES.map((side) => this.namespaces[side].openSocket('u0'));
  }

  async up(side: Side): Promise<void> {
    const other = side === 'left' ? 'right' : 'left';
    const host = outerAddress(other, this.outer);
    this[side] = await TunnelEnd.up(this.namespaces[side], {
      name: 'cb0',
      suite: this.suite,
      address: [`${innerAddress(side, 'ipv4')}/24`, `${innerAddress(side, 'ipv6')}/64`],
      listenPort: PORT,
      privateKey: this.privateKeys[side],
      peers: [
        {
          publicKey: publicKeyOf(this.privateKeys[other], this.suite),
          presharedKey: this.#psk,
          endpoint: this.outer === 'ipv4' ? `${host}:${PORT}` : `[${host}]:${PORT}`,
          allowedIPs: FAMILIES.map((family) => innerAddress(other, family)),
        },
      ],
    });
  }

  end(side: Side) {
    return { side, namespace: this.namespaces[side] };
  }

  ping(family: Family, ...options: string[]): string {
    return this.#pingFrom('left', family, ...options);
  }

  pingBack(family: Family, ...options: string[]): string {
    return this.#pingFrom('right', family, ...options);
  }

  /** Frames that came over the underlay since the last time. */
  captured(): Buffer[] {
    return this.taps.flatMap((tap) => {
      const frames: Buffer[] = [];
      for (let frame = tap.receive(0); frame; frame = tap.receive(0)) frames.push(Buffer.from(frame));
      return frames;
    });
  }

  #pingFrom(side: Side, family: Family, ...options: string[]): string {
    const other = side === 'left' ? 'right' : 'left';
    return this.namespaces[side].exec('ping', '-W', '5', ...options, innerAddress(other, family));
  }

  [Symbol.dispose](): void {
    for (const end of [this.left, this.right]) end?.[Symbol.dispose]();
    for (const side of SIDES) this.namespaces[side][Symbol.dispose]();
  }
}

describe.each([
  ['wireguard', 'ipv6'],
  ['aes-256-gcm', 'ipv4'],
] as const)('two tunnels of suite %s over %s', (suite, outer) => {
  let world: World;
  beforeAll(async () => {
    world = new World(suite, outer);
    await world.up('left');
  });
  afterAll(() => world[Symbol.dispose]());

  it('send nothing in clear while the peer is not there', () => {
    expect(() => world.ping('ipv4', ...CLOSED)).toThrow();
    expect(world.captured().filter((frame) => frame.includes(PATTERN))).toEqual([]);
  });

  it('carry packets, from the first one on', async () => {
    await world.up('right');
    expect(world.pingBack('ipv4', '-c', '1')).toContain(' 1 received');
    for (const family of FAMILIES) expect(world.ping(family, '-c', '1')).toContain(' 1 received');
  });

  it('tell what they did', async () => {
    let status = await world.right.stats();
    while (!status.peers[0]!.lastHandshake) status = await world.right.stats();
    const { peers, drops } = status;
    expect(peers).toHaveLength(1);
    expect(peers[0]).toMatchObject({ endpoint: { address: outerAddress('left', outer), port: PORT } });
    expect(peers[0]!.received.packets).toBeGreaterThan(1);
    expect(drops).toEqual({ DROP_TUNNEL_NO_SESSION: 1 }); // the first one, which waited in the controller
  });

  it('carry bulk data both ways, of which the underlay sees no byte', async () => {
    await expect(transfer(world.end('left'), world.end('right'), 'ipv4', 500_000)).resolves.toBe(500_000);
    await expect(transfer(world.end('right'), world.end('left'), 'ipv6', 500_000)).resolves.toBe(500_000);
    const frames = world.captured();
    expect(frames.length).toBeGreaterThan(100);
    expect(frames.filter((frame) => frame.includes(MARK))).toEqual([]);
  });

  it.each([1200, 4000])('carry UDP in bulk, in datagrams of %s bytes', async (bytes) => {
    const { left, right } = world.namespaces;
    right.spawn('iperf3', ['-s', '-1'], { stdio: 'ignore' });
    await until(() => right.exec('ss', '-Hltn', 'sport = :5201').trim() !== '');
    const options = ['-u', '-b', '50M', '-n', '1M', '-l', `${bytes}`];
    const said = left.exec('iperf3', '-J', '-c', innerAddress('right', 'ipv6'), ...options);
    const { end } = JSON.parse(said) as { end: { sum_received: { bytes: number } } };
    expect(end.sum_received.bytes).toBeGreaterThan(500_000);
    const count = async () => {
      const [sender, receiver] = [await world.left.stats(), await world.right.stats()];
      return [sender.peers[0]!.sent.packets, receiver.peers[0]!.received.packets];
    };
    let [sent, received] = await count();
    while (sent !== received) [sent, received] = await count();
    expect(world.captured().length).toBeGreaterThan(100);
  });

  it('are closed when the controller is killed, and open again with the next one', async () => {
    await world.left.kill();
    world.captured();
    expect(() => world.ping('ipv4', ...CLOSED)).toThrow();
    expect(world.captured().filter((frame) => frame.includes(PATTERN))).toEqual([]);
    world.namespaces.left.ip('link', 'delete', 'cb0');
    await world.up('left');
    expect(world.ping('ipv4', '-c', '3', '-i', '0.2')).toContain(' 0% packet loss');
  });

  it('leave nothing behind', async () => {
    await world.left.down();
    expect(world.namespaces.left.ip('link', 'show')).not.toContain('cb0');
    expect(world.namespaces.left.ip('route', 'show')).not.toContain('10.7.');
  });
});
