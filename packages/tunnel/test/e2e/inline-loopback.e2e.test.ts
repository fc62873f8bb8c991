import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Netns } from '../../../core/test/support/netns.js';
import type { Suite } from '../../src/contract.js';
import { generatePrivateKey, publicKeyOf } from '../../src/index.js';
import { inlineOptions } from '../../src/inline.js';
import { type Family, innerAddress, type Side } from './lab.js';
import { transfer } from './transfer.js';
import { TunnelEnd } from './tunnel-end.js';

/*
 * Tunnel.inline(): between two hosts by its default port, and on the loopback interface of one, whose both ends are
 * its own. Everything is heard.
 *
 *   u0  10.7.0.1, fd07::1 ------- u0  10.7.0.2, fd07::2         lo  10.7.0.1, 10.7.0.2, fd07::1, fd07::2
 */

const SIDES: readonly Side[] = ['left', 'right'];
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];
const MARK = 'plaintextplaintextplaintext';
/** One after another, at the same place. */
const CASES: Record<string, readonly { suite: Suite; family: Family }[]> = {
  u0: [{ suite: 'wireguard', family: 'ipv6' }],
  lo: [
    { suite: 'wireguard', family: 'ipv4' },
    { suite: 'aes-256-gcm', family: 'ipv6' },
  ],
};

/** Who speaks to the right address, and chooses none of his own, has the left one. */
function speakAsLeft(namespace: Netns, family: Family): void {
  const [source, destination] = SIDES.map((side) => innerAddress(side, family));
  const route = ['local', destination!, 'dev', 'lo', 'table', 'local'];
  const version = family === 'ipv4' ? '-4' : '-6';
  namespace.ip(version, 'route', 'delete', ...route);
  namespace.ip(version, 'route', 'add', ...route, 'src', source!);
}

const other = (side: Side): Side => (side === 'left' ? 'right' : 'left');

describe.each([{ place: 'u0' }, { place: 'lo' }])('inline at $place', ({ place }) => {
  let namespaces: Record<Side, Netns>;
  let ends: TunnelEnd[];

  beforeEach(() => {
    const left = Netns.create();
    const right = place === 'lo' ? left : Netns.create();
    namespaces = { left, right };
    ends = [];
    if (place === 'u0') Netns.addVeth(left, right, ['u0', 'u0']);
    for (const side of SIDES) {
      for (const family of FAMILIES) {
        const prefix = place === 'lo' ? (family === 'ipv4' ? 32 : 128) : family === 'ipv4' ? 24 : 64;
        namespaces[side].addAddress(place, `${innerAddress(side, family)}/${prefix}`);
      }
    }
    if (place === 'lo') for (const family of FAMILIES) speakAsLeft(left, family);
  });
  afterEach(async () => {
    for (const end of ends) await end.down();
    for (const namespace of new Set(Object.values(namespaces))) namespace[Symbol.dispose]();
  });

  const portOf = (side: Side) => (place === 'lo' && side === 'right' ? 4790 : undefined);
  const send = (family: Family) =>
    transfer(
      { side: 'left', namespace: namespaces.left },
      { side: 'right', namespace: namespaces.right },
      family,
      300_000,
    );

  async function up(suite: Suite, family: Family): Promise<void> {
    const keys = { left: generatePrivateKey(suite), right: generatePrivateKey(suite) };
    for (const side of SIDES) {
      const [localPort, remotePort] = [portOf(side), portOf(other(side))];
      const options = {
        interface: place,
        name: `cb-${side}`,
        suite,
        localIp: innerAddress(side, family),
        remoteIp: innerAddress(other(side), family),
        ...(localPort ? { localPort } : {}),
        ...(remotePort ? { remotePort } : {}),
        privateKey: keys[side],
        publicKey: publicKeyOf(keys[other(side)], suite),
      };
      ends.push(await TunnelEnd.up(namespaces[side], options));
    }
  }

  it.each(CASES[place]!)('$suite seals all of TCP over $family', async ({ suite, family }) => {
    using tap = namespaces.right.openSocket(place);
    const heard = () => {
      const frames: Buffer[] = [];
      for (let frame = tap.receive(0); frame; frame = tap.receive(0)) frames.push(Buffer.from(frame));
      return { frames: frames.length, clear: frames.filter((frame) => frame.includes(MARK)).length };
    };
    await expect(send(family)).resolves.toBe(300_000);
    expect(heard().clear).toBeGreaterThan(0);
    await up(suite, family);
    await expect(send(family)).resolves.toBe(300_000);
    const { frames, clear } = heard();
    expect(frames).toBeGreaterThan(50);
    expect(clear).toBe(0);
    const [left, right] = await Promise.all(ends.map((end) => end.stats()));
    expect(left!.peers[0]!.sent.packets).toBeGreaterThan(50);
    expect(right!.peers[0]!.received.packets).toBeGreaterThan(50);
  });
});

describe('options of Tunnel.inline()', () => {
  const options = {
    interface: 'lo',
    localIp: '127.0.0.1',
    remoteIp: '127.0.0.2',
    privateKey: '',
    publicKey: 'x',
  };

  it('are those of a tunnel with one peer, by the port of VXLAN', () => {
    expect(inlineOptions(options)).toEqual({
      name: 'cb-lo',
      inline: 'lo',
      address: [],
      localAddress: '127.0.0.1',
      listenPort: 4789,
      privateKey: '',
      peers: [{ publicKey: 'x', endpoint: '127.0.0.2:4789', allowedIPs: ['127.0.0.2'] }],
    });
    const { peers } = inlineOptions({ ...options, localIp: '::1', remoteIp: 'fd00::1', remotePort: 1 });
    expect(peers[0]!.endpoint).toBe('[fd00::1]:1');
  });

  it.each([
    [{ localIp: '192.0.2.1' }, /192\.0\.2\.1 is no address of lo/],
    [{ interface: 'nothing0' }, /is no address of nothing0: there are none/],
    [{ remoteIp: '::1' }, /not of the same family/],
  ])('are refused: %o', (changes, message) => {
    expect(() => inlineOptions({ ...options, ...changes })).toThrow(message);
  });
});
