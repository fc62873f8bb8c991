import { randomBytes, randomInt, webcrypto } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createSigner, generateKey, type SignerOptions } from '../src/client.js';
import { knockHolds, publicKeyOf, readSigned, trailerType } from './client-verifier.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytes = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');

const pair = generateKey();
const key = publicKeyOf(pair.publicPem);
const audience = 'signer.test';
const expectation = { audience, key };
const signerWith = (options: Partial<SignerOptions> = {}) =>
  createSigner(pair.secretKey, { audience, keyId: 0x1234, ...options });

describe('a signed packet', () => {
  test('is payload and trailer', async () => {
    const signer = signerWith({ instance: 0x0102030405060708n, now: () => 1_800_000_000_999 });
    const packet = Buffer.from(await signer.sign(Buffer.from('payload')));
    expect(packet).toHaveLength(7 + 96);
    expect(hex(packet.subarray(0, 31))).toBe(
      `${hex(Buffer.from('payload'))}0102030405060708${'0000000000000001'}6b49d20012340000`,
    );
    expect(hex(packet.subarray(-8))).toBe('010100005147beef');
    expect(readSigned(packet, expectation)).toMatchObject({
      counter: 1n,
      time: 1_800_000_000,
      keyId: 0x1234,
      holds: true,
    });
  });

  test('holds at every length', async () => {
    const signer = signerWith();
    for (let i = 1; i <= 80; i++) {
      const payload = randomBytes(i < 40 ? i - 1 : randomInt(9000));
      const packet = Buffer.from(await signer.sign(payload));
      const read = readSigned(packet, expectation);
      expect(read).toMatchObject({
        payload,
        counter: BigInt(i),
        instance: signer.instance,
        cookie: undefined,
        holds: true,
      });
    }
  });

  test('does not hold when a bit of payload, fields or signature changes', async () => {
    const packet = Buffer.from(await signerWith().sign(randomBytes(20)));
    for (let at = 0; at < packet.length - 8; at++) {
      const copy = Buffer.from(packet);
      copy[at]! ^= 1 << randomInt(8);
      expect(readSigned(copy, expectation).holds).toBe(false);
    }
  });

  test('holds for its audience alone', async () => {
    const packet = Buffer.from(await signerWith().sign(randomBytes(20)));
    expect(readSigned(packet, { key, audience: 'other.test' }).holds).toBe(false);
    expect(readSigned(packet, { key: publicKeyOf(generateKey().publicPem), audience }).holds).toBe(false);
  });

  test('with a cookie carries it', async () => {
    const cookie = randomBytes(32);
    const packet = Buffer.from(await signerWith().signWithCookie(Buffer.from('payload'), cookie));
    expect(packet).toHaveLength(7 + 128);
    expect(hex(packet.subarray(-8))).toBe('010200005147beef');
    expect(readSigned(packet, expectation)).toMatchObject({ cookie, holds: true });
    expect(trailerType(packet)).toBe(2);
  });

  test('leaves the payload of the caller alone', async () => {
    const payload = randomBytes(50);
    const before = hex(payload);
    const packet = signerWith().sign(payload);
    payload.fill(0);
    expect(hex((await packet).subarray(0, 50))).toBe(before);
  });
});

describe('counters', () => {
  test('are never used twice, also when packets are signed side by side', async () => {
    const { privateKey } = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
      'sign',
    ]);
    const signer = createSigner(privateKey, { audience, keyId: 1 });
    const cookie = randomBytes(32);
    const packets = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        i % 3 ? signer.sign(randomBytes(i)) : signer.signWithCookie(randomBytes(i), cookie),
      ),
    );
    const counters = packets.map((packet) => readSigned(Buffer.from(packet), expectation).counter);
    expect(counters).toEqual(Array.from({ length: 200 }, (_, i) => BigInt(i + 1)));
    expect(signer.counter).toBe(201n);
  });

  test('are another instance’s for each signer', () => {
    const instances = Array.from({ length: 100 }, () => signerWith().instance);
    expect(new Set(instances).size).toBe(100);
    expect(instances).not.toContain(0n);
  });

  test('end', async () => {
    const signer = signerWith({ instance: 9n, counter: 2n ** 64n - 1n });
    const packet = Buffer.from(await signer.sign(randomBytes(1)));
    expect(readSigned(packet, expectation)).toMatchObject({ instance: 9n, counter: 2n ** 64n - 1n });
    await expect(signer.sign(randomBytes(1))).rejects.toThrow('all 2^64 counters of this instance were used');
  });
});

describe('with bindAddress', () => {
  const flow = { source: '192.0.2.1', sourcePort: 40000, destination: '2001:db8::5', destinationPort: 53 };
  const addresses = bytes(
    `00000000000000000000ffffc0000201 20010db8000000000000000000000005 9c40 0035 ${'00'.repeat(28)}`,
  );

  test('addresses and ports are signed', async () => {
    const packet = Buffer.from(await signerWith({ bindAddress: true }).sign(randomBytes(9), flow));
    expect(readSigned(packet, { ...expectation, addresses }).holds).toBe(true);
    expect(readSigned(packet, expectation).holds).toBe(false);
    for (let at = 0; at < 36; at++) {
      const moved = Buffer.from(addresses);
      moved[at]! ^= 1;
      expect(readSigned(packet, { ...expectation, addresses: moved }).holds).toBe(false);
    }
  });

  test('a flow is needed, and only then', async () => {
    await expect(signerWith({ bindAddress: true }).sign(randomBytes(1))).rejects.toThrow('flow is missing');
    await expect(signerWith().sign(randomBytes(1), flow)).rejects.toThrow('it would not be signed');
    const signer = signerWith({ bindAddress: true });
    await expect(signer.sign(randomBytes(1), { ...flow, source: 'here' })).rejects.toThrow(
      '"here" is no IPv4',
    );
    await expect(signer.sign(randomBytes(1), { ...flow, sourcePort: 0 })).rejects.toThrow('sourcePort is 0');
  });
});

test('a knock is bound to challenge, source and key id', async () => {
  const challenge = randomBytes(32);
  const source = bytes('00000000000000000000ffffc0000201');
  const signer = signerWith();
  const proof = Buffer.from(await signer.knock(challenge, '192.0.2.1'));
  expect(hex(proof.subarray(0, 4))).toBe('12340000');
  expect(proof).toHaveLength(68);
  expect(knockHolds(key, audience, challenge, source, proof)).toBe(true);
  expect(knockHolds(key, 'other', challenge, source, proof)).toBe(false);
  expect(knockHolds(key, audience, randomBytes(32), source, proof)).toBe(false);
  expect(knockHolds(key, audience, challenge, bytes('00'.repeat(16)), proof)).toBe(false);
  proof[1]! ^= 1;
  expect(knockHolds(key, audience, challenge, source, proof)).toBe(false);
  expect(await signer.knock(challenge, source)).toEqual(
    new Uint8Array(await signer.knock(challenge, '::ffff:192.0.2.1')),
  );
});

test.each<[object, string]>([
  [{ audience: '' }, 'audience is "", expected the name'],
  [{ audience: undefined }, 'audience is undefined'],
  [{ keyId: -1 }, 'keyId is -1, expected an integer from 0 to 65535'],
  [{ keyId: 65536 }, 'keyId is 65536'],
  [{ instance: 0n }, 'instance is 0, expected 1 to 2^64 - 1'],
  [{ instance: 2n ** 64n }, 'instance is 18446744073709551616'],
  [{ instance: 5 }, 'instance is number, expected bigint'],
  [{ counter: 0n }, 'counter is 0'],
])('options %o are refused', (options, message) => {
  expect(() => signerWith(options)).toThrow(message);
});

test('arguments of another kind are refused', async () => {
  const signer = signerWith();
  await expect(signer.sign('text' as never)).rejects.toThrow('payload is string, expected Uint8Array');
  await expect(signer.signWithCookie(randomBytes(1), randomBytes(31))).rejects.toThrow(
    'cookie is 31 bytes, expected 32',
  );
  await expect(signer.knock(randomBytes(33), '::1')).rejects.toThrow('challenge is 33 bytes, expected 32');
  await expect(signer.knock(randomBytes(32), randomBytes(4))).rejects.toThrow(
    'source is 4 bytes, expected 16',
  );
  expect(signer.counter).toBe(1n);
});
