import { expect, it } from 'vitest';
import { Netns } from '../../../core/test/support/netns.js';
import { generatePrivateKey, publicKeyOf } from '../../src/keys.js';
import { TunnelEnd } from './tunnel-end.js';
import { until } from './wireguard-go.js';

const PEERS = 1000;
const PORT = 51820;

it(`a tunnel has ${PEERS} peers, and each of them its own addresses`, async () => {
  using hub = Netns.create();
  using spoke = Netns.create();
  Netns.addVeth(hub, spoke, ['u0', 'u0']);
  hub.addAddress('u0', '10.96.0.1/24');
  spoke.addAddress('u0', '10.96.0.2/24');
  const keys = Array.from({ length: PEERS }, () => generatePrivateKey());
  const inside = (i: number) => ({
    ipv4: `10.64.${i >> 8}.${i & 255}`,
    ipv6: `fd64::${(i + 1).toString(16)}`,
  });
  const peers = keys.map((key, i) => ({
    publicKey: publicKeyOf(key),
    allowedIPs: [`${inside(i).ipv4}/32`, `${inside(i).ipv6}/128`],
  }));
  const hubKey = generatePrivateKey();
  const options = { name: 'cb0', listenPort: PORT, address: ['10.63.0.1/32'], privateKey: hubKey, peers };
  using tunnel = await TunnelEnd.up(hub, options);
  const toHub = {
    publicKey: publicKeyOf(hubKey),
    allowedIPs: ['10.63.0.1/32'],
    endpoint: `10.96.0.1:${PORT}`,
  };
  for (const i of [0, 500, PEERS - 1]) {
    const address = [`${inside(i).ipv4}/32`];
    using end = await TunnelEnd.up(spoke, { name: 'cb0', address, privateKey: keys[i]!, peers: [toHub] });
    await until(() => answers(spoke, inside(i).ipv4));
    const another = inside((i + 1) % PEERS).ipv4;
    spoke.addAddress('cb0', `${another}/32`);
    expect(answers(spoke, another)).toBe(false);
    const { peers } = await tunnel.stats();
    expect(peers).toHaveLength(PEERS);
    expect(peers[i]!.received.packets).toBeGreaterThan(0);
    expect(peers[i]!.drops).toEqual({ DROP_TUNNEL_SOURCE: 1 });
    await end.down();
  }
  await tunnel.down();
});

function answers(namespace: Netns, from: string): boolean {
  try {
    namespace.exec('ping', '-c', '1', '-W', '1', '-I', from, '10.63.0.1');
    return true;
  } catch {
    return false;
  }
}
