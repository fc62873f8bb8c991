import { release } from 'node:os';
import { features } from '@cryptbpf/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Netns } from '../../../core/test/support/netns.js';
import { defaultMtu } from '../../src/datapath/framing.js';
import { generatePrivateKey } from '../../src/keys.js';
import { Tunnel } from '../../src/tunnel.js';
import { type Family, Lab } from './lab.js';
import { transfer } from './transfer.js';

/* Real packets between two namespaces, under keys that no handshake made. */

const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];
const ICMP_HEADERS = { ipv4: 28, ipv6: 48 };
const isSlow = process.env.CRYPTBPF_VM !== undefined;
const BULK = isSlow ? 20_000 : 5_000_000;

/** AES-256-GCM needs Linux 6.10. */
const hasAes = features.probe('kfunc:bpf_crypto_encrypt').availability === 'yes';
/** Loading takes long where all is emulated. */
const OUTER: readonly Family[] = isSlow ? ['ipv6'] : FAMILIES;
const KINDS = OUTER.flatMap((outer) => [
  { suite: 'wireguard' as const, outer },
  ...(hasAes ? [{ suite: 'aes-256-gcm' as const, outer }] : []),
]);

it('has both suites from Linux 6.10 on', () => {
  const [major, minor] = release().split('.').map(Number);
  expect(hasAes).toBe(major! > 6 || (major === 6 && minor! >= 10));
});

if (!hasAes)
  it('suite aes-256-gcm is refused by name, before 6.10, and leaves nothing', async () => {
    using namespace = Netns.create();
    const privateKey = generatePrivateKey('aes-256-gcm');
    const options = {
      name: 'cb0',
      suite: 'aes-256-gcm',
      address: ['10.80.0.1/24'],
      privateKey,
      peers: [],
    } as const;
    const refused = namespace.run(() => Tunnel.up(options));
    await expect(refused).rejects.toThrow(expect.objectContaining({ code: 'ERR_NOT_SUPPORTED' }));
    await expect(refused).rejects.toThrow(/Linux 6\.10/);
    expect(namespace.ip('link')).not.toContain('cb0');
  });

describe.each(KINDS)('a tunnel of suite $suite over $outer', ({ suite, outer }) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.create({ suite, outer });
    lab.rekey();
  });
  afterAll(() => {
    expect(lab.left.dataPath.drops()).toEqual({});
    expect(lab.right.dataPath.drops()).toEqual({});
    lab[Symbol.dispose]();
  });

  it.each(FAMILIES)('carries pings of %s, of all sizes up to the MTU and in fragments beyond', (inner) => {
    const largest = defaultMtu(suite) - ICMP_HEADERS[inner];
    const sizes = isSlow
      ? [0, 17, largest, largest + 1]
      : [0, 1, 15, 16, 17, largest - 1, largest, largest + 1, 4000];
    for (const size of sizes)
      expect(lab.ping(inner, '-s', `${size}`), `${size} bytes`).toContain(' 1 received');
  });

  it.each(FAMILIES)('carries a TCP connection of %s both ways', async (inner) => {
    const { left, right } = lab;
    await expect(transfer(left, right, inner, BULK)).resolves.toBe(BULK);
    await expect(transfer(right, left, inner, BULK)).resolves.toBe(BULK);
  });

  it('goes on under the next keys', () => {
    lab.rekey();
    expect(lab.ping('ipv4')).toContain(' 1 received');
  });
});
