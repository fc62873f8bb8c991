import { existsSync, readdirSync } from 'node:fs';
import { release } from 'node:os';
import { expect, it } from 'vitest';
import { Netns } from '../../core/test/support/netns.js';
import { DataPath } from '../src/datapath/data-path.js';
import type { Pins } from '../src/datapath/hooks.js';
import { Device } from '../src/device.js';
import { US } from './support/programs.js';

const directory = `/sys/fs/bpf/cryptbpf/tunnel-test-${process.pid}`;

/** Before 6.6 TC has no links, and programs stay when their process dies. */
function hasLinks(): boolean {
  const [major, minor] = release().split('.').map(Number);
  return major! > 6 || (major === 6 && minor! >= 6);
}

function attach(device: Device, pins: Pins): DataPath {
  return new DataPath({
    suite: 'wireguard',
    device,
    listenPort: 51820,
    maxPeers: 1,
    inline: 'u0',
    pins,
    rejectAfter: 180,
    rejectAfterMessages: 1n << 32n,
    transmit: () => {},
    localAddressTo: async () => US.ipv4,
  });
}

/** Where all is emulated, loading takes long: the way that has less else to rely on, there. */
const ALL_PINNED = process.env.CRYPTBPF_VM === undefined ? [true, false] : [hasLinks()];

it.each(ALL_PINNED)('what a controller left is replaced by the next one (all pinned: %s)', (all) => {
  using namespace = Netns.create();
  Netns.addVeth(namespace, namespace, ['u0', 'u1']);
  namespace.run(() => {
    const device = Device.create({ name: 'cb0', addresses: [], mtu: 1420, inline: 'u0' });
    const filters = (direction: string) =>
      (namespace.exec('tc', 'filter', 'show', 'dev', 'u0', direction).match(/handle 0x/g) ?? []).length;
    const stays = all || !hasLinks();
    const names = [device.insideIfindex, namespace.indexOf('u0'), namespace.indexOf('u1')].map(
      (ifindex) => `ingress-${ifindex}`,
    );
    const pinned = () => (existsSync(directory) ? readdirSync(directory).sort() : []);
    const links = stays ? [...names, `egress-${namespace.indexOf('u0')}`].sort() : [];
    const expected = all ? [...links, 'stats'] : links;
    attach(device, { directory, all }).leave(); // as when it is killed
    expect(pinned()).toEqual(expected);
    const next = attach(device, { directory, all });
    expect(pinned()).toEqual(expected);
    const clsact = hasLinks() ? 0 : 1;
    expect([filters('ingress'), filters('egress')]).toEqual([clsact, clsact]);
    if (stays) expect(() => attach(device, { directory, all })).toThrow(/another controller/);
    next.close();
    expect(pinned()).toEqual([]);
    expect([filters('ingress'), filters('egress')]).toEqual([0, 0]);
  });
});
