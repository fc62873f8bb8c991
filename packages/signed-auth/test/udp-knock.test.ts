import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  createSigner,
  generateKey,
  type KeepOpenOptions,
  type KnockOptions,
  keepOpen,
  knock,
  openSession,
} from '../src/udp.js';
import { publicKeyOf } from './client-verifier.js';
import { UdpGate, verdict } from './udp-gate.js';

const pair = generateKey();
const key = publicKeyOf(pair.publicPem);
const audience = 'knock.test';
const signer = createSigner(pair.privatePem, { audience, keyId: 1 });
const PROOF = 3;

let gate: UdpGate;

beforeEach(async () => {
  gate = await UdpGate.open(key, audience);
});

afterEach(() => gate[Symbol.asyncDispose]());

const request = (options: Partial<KnockOptions> = {}) =>
  knock({ host: '127.0.0.1', port: gate.controlPort, signer, ...options });

describe('a knock', () => {
  test('is hello, challenge, signature, verdict', async () => {
    const access = { lifetime: 3600, renewAfter: 2700, source: '127.0.0.1', address: '127.0.0.1' };
    expect(await request()).toEqual(access);
    expect(gate.control.map(({ length }) => length)).toEqual([64, 116]);
    expect(gate.control[1]!.subarray(0, 8).toString('hex')).toBe('5147beef01030000');
    expect(signer.counter).toBe(1n);
  });

  test('comes from the local address that was asked for', async () => {
    expect(await request({ localAddress: '127.0.0.9' })).toMatchObject({ source: '127.0.0.9' });
  });

  test('works over IPv6', async () => {
    await using six = await UdpGate.open(key, audience, '::1');
    expect(await request({ host: '::1', port: six.controlPort })).toMatchObject({
      source: '::1',
      address: '::1',
    });
  });

  test('of which the verdict was lost begins anew', async () => {
    gate.script = (message, index, honest) => {
      const replies = honest();
      return message[5] === PROOF && index === 0 ? [] : replies;
    };
    expect(await request()).toMatchObject({ lifetime: 3600 });
    expect(gate.count(PROOF)).toBe(3);
  });

  test('under another key is refused, and says why', async () => {
    const stranger = createSigner(generateKey().secretKey, { audience, keyId: 1 });
    await expect(request({ signer: stranger })).rejects.toMatchObject({
      code: 'ERR_SIGNED_AUTH_REJECTED',
      status: 97,
      message: 'the gate refused: DROP_PROOF',
    });
    expect(gate.count(PROOF)).toBe(1);
  });

  test.each([
    [104, 'DROP_KEY_UNKNOWN'],
    [105, 'DROP_KEY_EXPIRED'],
    [112, 'DROP_CURVE_BUDGET'],
  ])('that is refused with %i is told so', async (status, reason) => {
    gate.script = (message, _, honest) => (message[5] === PROOF ? [verdict(message, status)] : honest());
    await expect(request()).rejects.toMatchObject({ code: 'ERR_SIGNED_AUTH_REJECTED', status, reason });
  });

  test('into silence ends', async () => {
    gate.script = () => [];
    await expect(request({ retries: 0 })).rejects.toMatchObject({ code: 'ERR_SIGNED_AUTH_TIMEOUT' });
    await expect(request({ timeout: 100 })).rejects.toMatchObject({
      code: 'ERR_SIGNED_AUTH_TIMEOUT',
      message: `no access to 127.0.0.1:${gate.controlPort} within 100 ms`,
    });
    await expect(request({ signal: AbortSignal.timeout(100) })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });

  test('at a name without an address cannot be', async () => {
    await expect(request({ host: 'no-such-host.invalid' })).rejects.toMatchObject({
      code: 'ERR_SIGNED_AUTH_NETWORK',
    });
    await expect(request({ host: '' })).rejects.toThrow('host is "", expected a name or an address');
  });
});

describe('a port that is kept open', () => {
  const onError = vi.fn();
  const onRenew = vi.fn();
  afterEach(() => vi.clearAllMocks());
  const keep = (options: Partial<KeepOpenOptions> = {}) =>
    keepOpen({ host: '127.0.0.1', port: gate.controlPort, signer, onError, onRenew, ...options });

  test('is knocked at again in time', async () => {
    gate.lifetime = 5;
    await using kept = await keep();
    expect(gate.count(PROOF)).toBe(1);
    await vi.waitFor(() => expect(onRenew).toHaveBeenCalledOnce(), 6000);
    expect(onRenew).toHaveBeenCalledWith(kept.access);
    expect(gate.count(PROOF)).toBe(2);
    expect(onError).not.toHaveBeenCalled();
  });

  test('tells when that fails', async () => {
    gate.lifetime = 4;
    gate.script = (message, index, honest) =>
      message[5] === PROOF && index === 1 ? [verdict(message, 104)] : honest();
    await using kept = await keep();
    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce(), 6000);
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ reason: 'DROP_KEY_UNKNOWN' }));
    await vi.waitFor(() => expect(onRenew).toHaveBeenCalledWith(kept.access), 6000);
  });
});

test('a session can be had without a socket', async () => {
  const session = await openSession({ host: '127.0.0.1', port: gate.controlPort, signer });
  expect(session).toMatchObject({ lifetime: 3600, packets: 0, isOver: false });
  gate.script = (message, _, honest) => (message[5] === 5 ? [] : honest());
  const silent = openSession({ host: '127.0.0.1', port: gate.controlPort, signer, retries: 0 });
  await expect(silent).rejects.toMatchObject({ code: 'ERR_SIGNED_AUTH_TIMEOUT' });
});
