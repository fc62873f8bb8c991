import { features } from '@cryptbpf/core';
import { expect, it } from 'vitest';
import { Netns } from '../../core/test/support/netns.js';
import type { Suite } from '../src/contract.js';
import { generatePrivateKey, publicKeyOf } from '../src/keys.js';
import { TunnelEnd } from './e2e/tunnel-end.js';
import { until } from './e2e/wireguard-go.js';

/* Two whole tunnels, each a process in a namespace, on each kernel that there is. */

const PORT = 51820;
const hasAes = features.probe('kfunc:bpf_crypto_encrypt').availability === 'yes';

/** One whose peer is the other one. */
async function up(namespace: Netns, suite: Suite, [own, far]: [number, number], keys: [string, string]) {
  namespace.addAddress('u0', `10.96.0.${own}/24`);
  return await TunnelEnd.up(namespace, {
    name: 'cb0',
    suite,
    address: [`10.80.0.${own}/24`],
    privateKey: keys[0],
    listenPort: PORT,
    peers: [
      {
        publicKey: publicKeyOf(keys[1], suite),
        allowedIPs: [`10.80.0.${far}/32`],
        endpoint: `10.96.0.${far}:${PORT}`,
      },
    ],
  });
}

async function exchange(suite: Suite): Promise<void> {
  using left = Netns.create();
  using right = Netns.create();
  Netns.addVeth(left, right, ['u0', 'u0']);
  const keys: [string, string] = [generatePrivateKey(suite), generatePrivateKey(suite)];
  using ours = await up(left, suite, [1, 2], keys);
  using theirs = await up(right, suite, [2, 1], [keys[1], keys[0]]);
  expect(left.exec('ping', '-c', '3', '-W', '60', '10.80.0.2')).toContain('3 received');
  expect((await ours.stats()).handshakes).toEqual({ finished: 1 });
  expect((await theirs.stats()).handshakes).toEqual({ answered: 1 });
  await until(() => right.exec('ping', '-c', '1', '-W', '60', '10.80.0.1').includes('1 received'));
}

it('two tunnels of suite wireguard shake hands and carry pings', async () => {
  await exchange('wireguard');
});

it.runIf(hasAes)('two tunnels of suite aes-256-gcm do', async () => {
  await exchange('aes-256-gcm');
});

it.runIf(!hasAes)('suite aes-256-gcm is refused by a kernel that cannot encrypt for programs', async () => {
  using namespace = Netns.create();
  Netns.addVeth(namespace, namespace, ['u0', 'u1']);
  const key = generatePrivateKey('aes-256-gcm');
  await expect(
    up(namespace, 'aes-256-gcm', [1, 2], [key, generatePrivateKey('aes-256-gcm')]),
  ).rejects.toThrow(/ERR_NOT_SUPPORTED.*6\.10/);
  expect(namespace.ip('link')).not.toContain('cb0');
});
