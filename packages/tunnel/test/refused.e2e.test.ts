import { expect, it } from 'vitest';
import { Netns } from '../../core/test/support/netns.js';
import { generatePrivateKey, publicKeyOf } from '../src/keys.js';
import { Tunnel } from '../src/tunnel.js';

const SUITE = 'aes-256-gcm';

const options = {
  name: 'cb0',
  suite: SUITE,
  address: ['10.80.0.1/24'],
  privateKey: generatePrivateKey(SUITE),
  peers: [{ publicKey: publicKeyOf(generatePrivateKey(SUITE), SUITE), allowedIPs: ['10.80.0.2/32'] }],
} as const;

it('a private key that is none is refused, and leaves nothing', async () => {
  using namespace = Netns.create();
  const wireguard = { ...options, suite: 'wireguard', privateKey: 'a' } as const;
  await expect(namespace.run(() => Tunnel.up(wireguard))).rejects.toThrow(/private key has 1 characters/);
  expect(namespace.ip('link')).not.toContain('cb0');
});
