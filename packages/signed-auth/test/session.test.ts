import { createECDH, randomBytes, randomInt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { SESSION_PACKETS, Session } from '../src/client/session.js';
import { createSigner, generateKey, type Session as PublicSession } from '../src/client.js';
import { acceptSession, publicKeyOf, readSession, sessionRequestHolds, tagHolds } from './client-verifier.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const pair = generateKey();
const key = publicKeyOf(pair.publicPem);
const audience = 'session.test';
let clock = 1_800_000_000_000;
const signer = createSigner(pair.secretKey, { audience, keyId: 0x0203, now: () => clock });
const source = Buffer.from('00000000000000000000ffffc0000201', 'hex');
const transaction = randomBytes(8);
const challenge = randomBytes(32);
const ask = () => signer.requestSession(transaction, challenge, source);

describe('a request', () => {
  test('is signed over audience, challenge, source and ephemeral key', async () => {
    const message = Buffer.from((await ask()).message);
    expect(message).toHaveLength(180);
    expect(hex(message.subarray(0, 52))).toBe(`5147beef01050000${hex(transaction)}${hex(challenge)}02030000`);
    expect(sessionRequestHolds(key, audience, source, message)).toBe(true);
    expect(sessionRequestHolds(key, 'other', source, message)).toBe(false);
    expect(sessionRequestHolds(key, audience, randomBytes(16), message)).toBe(false);
    for (const at of [16, 47, 48, 52, 115]) {
      const copy = Buffer.from(message);
      copy[at]! ^= 1;
      expect(sessionRequestHolds(key, audience, source, copy)).toBe(false);
    }
  });

  test('has a key of its own', async () => {
    const [one, two] = await Promise.all([ask(), ask()]);
    expect(one.message.subarray(52, 116)).not.toEqual(two.message.subarray(52, 116));
  });

  test('is answered once', async () => {
    const request = await ask();
    const { accept } = acceptSession(Buffer.from(request.message), 1n, 60);
    request.accept(accept);
    expect(() => request.accept(accept)).toThrow('the request was answered before');
  });
});

describe('an answer', () => {
  const refused = (message: string) =>
    expect.objectContaining({ code: 'ERR_SIGNED_AUTH_MESSAGE', message: expect.stringContaining(message) });

  test('to another request is refused', async () => {
    const [one, two] = await Promise.all([ask(), ask()]);
    const { accept } = acceptSession(Buffer.from(one.message), 1n, 60);
    expect(() => two.accept(accept)).toThrow(refused('its confirmation is wrong'));
    expect(one.accept(accept).id).toBe(1n);
  });

  test('of which a byte was changed is refused, and the true one still counts', async () => {
    const request = await ask();
    const { accept } = acceptSession(Buffer.from(request.message), 1n, 60);
    for (const at of [16, 23, 24, 27, 96, 127]) {
      const copy = Buffer.from(accept);
      copy[at]! ^= 1;
      expect(() => request.accept(copy)).toThrow(refused('its confirmation is wrong'));
    }
    const off = Buffer.from(accept);
    off[95]! ^= 1;
    expect(() => request.accept(off)).toThrow(refused('its point is not on the curve'));
    off.fill(0, 32, 96);
    expect(() => request.accept(off)).toThrow(refused('its point is not on the curve'));
    expect(request.accept(accept).id).toBe(1n);
  });

  test('by who knows the request but not the secret of its own point is refused', async () => {
    const request = await ask();
    const { accept } = acceptSession(Buffer.from(request.message), 1n, 60);
    createECDH('prime256v1').generateKeys().copy(accept, 32, 1);
    expect(() => request.accept(accept)).toThrow(refused('its confirmation is wrong'));
  });

  test('of another type or length is none', async () => {
    const request = await ask();
    const { accept } = acceptSession(Buffer.from(request.message), 1n, 60);
    expect(() => request.accept(accept.subarray(0, 179))).toThrow(
      refused('not a session accept message: 179 bytes'),
    );
    expect(() => request.accept(request.message)).toThrow(refused('not a session accept message'));
  });
});

describe('a session', () => {
  async function open(lifetime = 600): Promise<{ session: PublicSession; key: Buffer }> {
    const request = await ask();
    const { accept, key } = acceptSession(Buffer.from(request.message), 0xfedcba9876543210n, lifetime);
    return { session: request.accept(accept), key };
  }

  test('seals under the key that the gate has', async () => {
    const { session, key } = await open();
    for (let i = 1; i <= 300; i++) {
      const payload = randomBytes(i < 270 ? i - 1 : randomInt(3000));
      const packet = Buffer.from(session.seal(payload));
      expect(packet).toHaveLength(payload.length + 40);
      expect(hex(packet.subarray(-8))).toBe('010300005147beef');
      expect(tagHolds(key, packet)).toBe(true);
      expect(readSession(packet)).toMatchObject({
        payload,
        sessionId: 0xfedcba9876543210n,
        counter: BigInt(i),
      });
    }
    expect(session.packets).toBe(300);
  });

  test('seals so that no bit can change', async () => {
    const { session, key } = await open();
    const packet = Buffer.from(session.seal(randomBytes(29)));
    for (let bit = 0; bit < (packet.length - 8) * 8; bit++) {
      const copy = Buffer.from(packet);
      copy[bit >> 3]! ^= 1 << (bit & 7);
      expect(tagHolds(key, copy)).toBe(false);
    }
  });

  test('is due after three quarters of its lifetime, and over at its end', async () => {
    const { session } = await open(603);
    expect(session).toMatchObject({ lifetime: 603, renewAfter: 450, isDue: false, isOver: false });
    clock += 450_000;
    expect(session).toMatchObject({ isDue: true, isOver: false });
    clock += 152_999;
    session.seal(randomBytes(1));
    clock += 1;
    expect(session.isOver).toBe(true);
    expect(() => session.seal(randomBytes(1))).toThrow(
      expect.objectContaining({
        code: 'ERR_SIGNED_AUTH_SESSION',
        message: expect.stringContaining('its 603 seconds'),
      }),
    );
  });

  test('counts its lifetime from the request', async () => {
    const request = await ask();
    clock += 59_000;
    const session = request.accept(acceptSession(Buffer.from(request.message), 1n, 60).accept);
    expect(session.isOver).toBe(false);
    clock += 1000;
    expect(session.isOver).toBe(true);
  });

  test('ends when told', async () => {
    const { session } = await open();
    session.end();
    expect(session.isOver).toBe(true);
    expect(() => session.seal(randomBytes(1))).toThrow('it was ended');
  });

  test('takes bytes', async () => {
    const { session } = await open();
    expect(() => session.seal('text' as never)).toThrow('payload is string, expected Uint8Array');
    expect(session.packets).toBe(0);
  });
});

test('a session ends with its 2^32nd packet', () => {
  const id = randomBytes(8);
  const macKey = randomBytes(16);
  const terms = { id, key: macKey, lifetime: 60, start: 0, now: () => 0, packets: SESSION_PACKETS - 2 };
  const session = new Session(terms);
  expect(session.isDue).toBe(true);
  const counters = [session.seal(id), session.seal(id)].map(
    (packet) => readSession(Buffer.from(packet)).counter,
  );
  expect(counters).toEqual([2n ** 32n - 1n, 2n ** 32n]);
  expect(session.isOver).toBe(true);
  expect(() => session.seal(id)).toThrow('has sealed 2^32 packets');
});
