import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Netns } from '../../../core/test/support/netns.js';
import type { RawSocket } from '../../../core/test/support/raw-socket.js';
import type { Suite } from '../../src/contract.js';
import { generatePrivateKey, publicKeyOf } from '../../src/index.js';
import { type Family, innerAddress, PORT, type Side } from './lab.js';
import { transfer } from './transfer.js';
import { TunnelEnd } from './tunnel-end.js';
import { until } from './wireguard-go.js';

/*
 *   left                                right
 *   u0  10.7.0.1, fd07::1 ------------- u0  10.7.0.2, fd07::2         these addresses, and no others
 *
 * Who speaks to the other one knows nothing of a tunnel. A tap on both ends of the cable.
 */

const SIDES: readonly Side[] = ['left', 'right'];
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];
const PATTERN = 'c0ffee15c0ffee15';
const MARKS = [Buffer.from(PATTERN, 'hex'), Buffer.from('plaintextplaintextplaintext')];
const SUITES: Suite[] = ['wireguard', 'aes-256-gcm'];

describe.each(SUITES)('inline, suite %s', (suite) => {
  const namespaces = { left: Netns.create(), right: Netns.create() };
  const keys = { left: generatePrivateKey(suite), right: generatePrivateKey(suite) };
  const ends: Partial<Record<Side, TunnelEnd>> = {};
  let taps: RawSocket[];

  beforeAll(() => {
    Netns.addVeth(namespaces.left, namespaces.right, ['u0', 'u0']);
    for (const side of SIDES) {
      namespaces[side].addAddress('u0', `${innerAddress(side, 'ipv4')}/24`);
      namespaces[side].addAddress('u0', `${innerAddress(side, 'ipv6')}/64`);
    }
    taps = SIDES.map((side) => namespaces[side].openSocket('u0'));
  });
  afterAll(async () => {
    for (const side of SIDES) await ends[side]?.down();
    for (const side of SIDES) namespaces[side][Symbol.dispose]();
  });

  async function up(side: Side): Promise<void> {
    const other = side === 'left' ? 'right' : 'left';
    const peer = {
      publicKey: publicKeyOf(keys[other], suite),
      endpoint: `${innerAddress(other, 'ipv4')}:${PORT}`,
      allowedIPs: FAMILIES.map((family) => innerAddress(other, family)),
    };
    const common = { name: 'cb0', suite, address: [], inline: 'u0', listenPort: PORT };
    ends[side] = await TunnelEnd.up(namespaces[side], { ...common, privateKey: keys[side], peers: [peer] });
  }

  async function ping(from: Side, family: Family, ...options: string[]): Promise<string> {
    const to = innerAddress(from === 'left' ? 'right' : 'left', family);
    const child = namespaces[from].spawn('ping', ['-W', '0.5', '-p', PATTERN, ...options, to]);
    let said = '';
    child.stdout!.on('data', (data) => {
      said += data;
    });
    await once(child, 'close');
    return said;
  }

  async function untilAnswered(from: Side, family: Family): Promise<void> {
    while (!(await ping(from, family, '-c', '1')).includes(' 1 received'));
  }

  /** Frames that were on the cable since the last time. */
  function captured(): Buffer[] {
    return taps.flatMap((tap) => {
      const frames: Buffer[] = [];
      for (let frame = tap.receive(0); frame; frame = tap.receive(0)) frames.push(Buffer.from(frame));
      return frames;
    });
  }

  function clear(frames: readonly Buffer[]): readonly Buffer[] {
    return frames.filter((frame) => MARKS.some((mark) => frame.includes(mark)));
  }

  it('hosts are closed to each other while one of them has no tunnel', async () => {
    expect(await ping('left', 'ipv4', '-c', '1')).toContain(' 1 received');
    expect(clear(captured())).not.toEqual([]);
    await up('left');
    expect(await ping('left', 'ipv4', '-c', '2', '-i', '0.2')).toContain(' 0 received');
    expect(await ping('left', 'ipv6', '-c', '2', '-i', '0.2')).toContain(' 0 received');
    expect(clear(captured())).toEqual([]);
    expect(await ping('right', 'ipv4', '-c', '2', '-i', '0.2')).toContain(' 0 received');
    const { drops } = await ends.left!.stats();
    expect(drops.DROP_TUNNEL_CLEAR).toBeGreaterThanOrEqual(2); // ICMP errors of the right one are others
    captured();
  });

  it('pings and TCP go sealed, also what is larger than a packet', async () => {
    await up('right');
    for (const family of FAMILIES) {
      await untilAnswered('left', family);
      await untilAnswered('right', family);
      const [from, to] = SIDES.map((side) => ({ side, namespace: namespaces[side] }));
      await expect(transfer(from!, to!, family, 500_000)).resolves.toBe(500_000);
      await expect(transfer(to!, from!, family, 500_000)).resolves.toBe(500_000);
    }
    const frames = captured();
    expect(frames.length).toBeGreaterThan(100);
    expect(clear(frames)).toEqual([]);
  });

  it.each(FAMILIES)('%s of the MTU of the cable learns that there is less room now', async (family) => {
    for (const size of ['1450', '4000']) {
      while (!(await ping('left', family, '-c', '1', '-s', size)).includes(' 1 received'));
    }
    expect(clear(captured())).toEqual([]);
  });

  it('stays closed when the controller was killed, and the next one takes over', async () => {
    await ends.left!.kill();
    await until(() => namespaces.left.ip('link').includes('cb0'));
    await ping('left', 'ipv4', '-c', '3', '-i', '0.2'); // by keys that it had, or not at all
    expect(clear(captured())).toEqual([]);
    await up('left');
    await untilAnswered('left', 'ipv4');
    await untilAnswered('right', 'ipv6');
    expect(clear(captured())).toEqual([]);
  });

  it('one controller at a time', async () => {
    await expect(up('left')).rejects.toThrow(/ERR_BUSY/);
    expect(await ping('left', 'ipv4', '-c', '1')).toContain(' 1 received');
    expect(clear(captured())).toEqual([]);
  });

  it('is taken down by down() alone, and nothing is left', async () => {
    for (const side of SIDES) await ends[side]!.down();
    for (const side of SIDES) delete ends[side];
    expect(namespaces.left.ip('link')).not.toContain('cb0');
    expect(await ping('left', 'ipv4', '-c', '1')).toContain(' 1 received');
    expect(clear(captured())).not.toEqual([]);
  });
});
