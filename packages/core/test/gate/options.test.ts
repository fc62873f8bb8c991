import { describe, expect, it } from 'vitest';
import { parseLists } from '../../src/gate/lists.js';
import { resolveSettings, toConfig, tokenRate } from '../../src/gate/options.js';
import { noSecret, rotateSecrets, wipe } from '../../src/gate/secrets.js';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);

describe('settings', () => {
  it('have defaults for everything but the ports', () => {
    expect(resolveSettings({ ports: [443] })).toMatchObject({
      controlPort: 22305,
      difficulty: { min: 16, max: 22 },
    });
  });

  it.each([
    [{ ports: [] }, 'option ports is empty'],
    [{ ports: [0] }, 'option ports is 0, expected an integer from 1 to 65535'],
    [{ ports: [{ port: 53, protocol: 'sctp' }] }, 'protocol is "sctp"'],
    [
      { ports: [443], difficulty: { min: 20, max: 10 } },
      'option difficulty.max is 10, expected an integer from 20 to 64',
    ],
    [{ ports: [443], lifetime: { min: 0, max: 10 } }, 'option lifetime.min is 0'],
    [{ ports: [443], epoch: 20 }, 'option epoch is 20, expected a number from 34'],
    [{ ports: [443], packetRate: { perSecond: 0, burst: 1 } }, 'option packetRate.perSecond is 0'],
    [{ ports: [443], sourcePrefix: { ipv4: 33, ipv6: 64 } }, 'option sourcePrefix.ipv4 is 33'],
    [{ ports: [443], widePrefix: { ipv4: 24, ipv6: 65, sources: 9 } }, 'option widePrefix.ipv6 is 65'],
    [
      { ports: [443], synRate: { perSecond: 0.001, burst: 1e9 } },
      'option synRate.burst is 1000000000, expected an integer from 1 to 31536',
    ],
    [{ ports: [443], clockSkew: 0 }, 'option clockSkew is 0, expected a number from 0.01 to 3600'],
    [{ ports: [443], dificulty: 3 }, 'option dificulty is not known'],
  ])('%j is refused: %s', (settings, message) => {
    expect(() => resolveSettings(settings as never)).toThrow(
      expect.objectContaining({ code: 'ERR_BAD_OPTION', message: expect.stringContaining(message) }),
    );
  });

  it('a rate is an interval and a tolerance of burst - 1 intervals', () => {
    expect(tokenRate({ perSecond: 100, burst: 5 })).toEqual({
      intervalNs: 10_000_000n,
      toleranceNs: 40_000_000n,
    });
  });

  it('a wider prefix admits half its cap at once, and the other half over a lifetime', () => {
    const settings = resolveSettings({
      ports: [443],
      lifetime: { min: 10, max: 100 },
      widePrefix: { ipv4: 24, ipv6: 48, sources: 200 },
    });
    const context = {
      secrets: [noSecret(), noSecret()],
      bucketKey: { k0: 1n, k1: 2n },
      spentCapacity: 9,
      confirmByNs: 0n,
    };
    expect(toConfig(settings, context).wideRate).toEqual({
      intervalNs: 1_000_000_000n,
      toleranceNs: 99_000_000_000n,
    });
  });
});

describe('lists', () => {
  it('a prefix cannot be on both', () => {
    expect(() => parseLists(['10.0.0.0/8'], ['10.0.0.0/8'])).toThrow(
      'prefix 10.0.0.0/8 is on the allow list and on the deny list',
    );
  });

  it('a longer prefix can', () => {
    const { ipv4, ipv6 } = parseLists(['10.0.0.0/8', '::1'], ['10.1.0.0/16']);
    expect([ipv4.size, ipv6.size]).toEqual([2, 1]);
  });
});

describe('secrets', () => {
  it('a rotation makes the current one the previous', () => {
    const first = rotateSecrets([noSecret(), noSecret()]);
    const second = rotateSecrets(first);
    expect(second[1]).toBe(first[0]);
    expect(second.map(({ generation, keyId }) => [generation, keyId])).toEqual([
      [2, 1],
      [1, 0],
    ]);
  });

  it('the one that is current already changes nothing', () => {
    const first = rotateSecrets([noSecret(), noSecret()], { id: 7, key: KEY });
    expect(rotateSecrets(first, { id: 7, key: KEY })).toEqual(first);
  });

  it('a number that is used again takes the old one out', () => {
    const first = rotateSecrets([noSecret(), noSecret()], { id: 7, key: KEY });
    const second = rotateSecrets(first, { id: 7, key: KEY.map((byte) => byte + 1) });
    expect(second[1]!.generation).toBe(0);
    expect(second[0]!.generation).toBe(2);
  });

  it.each([
    [{ id: 256, key: KEY }, 'option secret.id is 256'],
    [{ id: 1, key: KEY.subarray(1) }, 'option secret.key is 31 bytes, expected 32 bytes'],
    [{ id: 1 } as never, 'option secret.key is undefined, expected 32 bytes'],
  ])('refuses %j', (secret, message) => {
    const current = rotateSecrets([noSecret(), noSecret()], { id: 1, key: KEY });
    expect(() => rotateSecrets(current, secret)).toThrow(message);
  });

  it('are copied, and wiped', () => {
    const secrets = rotateSecrets([noSecret(), noSecret()], { id: 1, key: KEY });
    wipe({ secrets });
    expect(secrets[0]!.master.bytes.every((byte) => byte === 0)).toBe(true);
    expect(KEY[1]).toBe(1);
  });
});
