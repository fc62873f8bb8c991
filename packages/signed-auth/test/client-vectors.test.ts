import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Ephemeral, SessionRequest } from '../src/client/session-request.js';
import { createSigner } from '../src/client.js';
import { readSession, readSigned, sessionRequestHolds, tagHolds } from './client-verifier.js';

/* The vectors of docs/protocols.md, read from there. */

const specification = readFileSync(new URL('../../../docs/protocols.md', import.meta.url), 'utf8');
const section = specification.split('## Signed packets')[1]!.split('### Vectors')[1]!;

function vector(name: string): Buffer {
  const line = section.split('\n').find((line) => line.startsWith(`${name} `) && line.includes('= '));
  const bytes = Buffer.from(/= ([0-9a-f]+)/.exec(line!)![1]!, 'hex');
  expect(bytes.length).toBeGreaterThan(15);
  return bytes;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const audience = 'vectors.example';
const secret = vector('private key');
const challenge = vector('challenge');
const now = () => 1_800_000_000_000;
const options = { audience, keyId: 258, instance: 0x0123456789abcdefn, now };
const source = Buffer.from('00000000000000000000ffffc0000201', 'hex');
const key = createPublicKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    crv: 'P-256',
    x: vector('public key').toString('base64url', 0, 32),
    y: vector('public key').toString('base64url', 32),
  },
});

test('packets and the knock are those of the specification, byte for byte', async () => {
  const signer = createSigner(secret, options);
  const payload = Buffer.from('hello');
  expect(hex(await signer.sign(payload))).toBe(hex(vector('SIGNED, counter 1')));
  expect(hex(await signer.signWithCookie(payload, challenge))).toBe(hex(vector('WITH_COOKIE, 2')));
  expect(hex(await signer.knock(challenge, '192.0.2.1'))).toBe(hex(vector('knock, the proof')));
  const flow = { source: '192.0.2.1', sourcePort: 40000, destination: '192.0.2.2', destinationPort: 7777 };
  const bound = createSigner(secret, { ...options, bindAddress: true });
  expect(hex(await bound.sign(payload, flow))).toBe(hex(vector('bindAddress')));
});

test('they hold for a receiver that node:crypto makes', () => {
  for (const name of ['SIGNED, counter 1', 'WITH_COOKIE, 2']) {
    const read = readSigned(vector(name), { audience, key });
    expect(read).toMatchObject({
      keyId: 258,
      time: 1_800_000_000,
      instance: 0x0123456789abcdefn,
      holds: true,
    });
    expect(read.payload.toString()).toBe('hello');
  }
});

test('the session is that of the specification', () => {
  const message = vector('SESSION_REQUEST');
  expect(sessionRequestHolds(key, audience, source, message)).toBe(true);
  const ephemeral = new Ephemeral(Uint8Array.from(vector("sender's ephemeral")));
  expect(hex(ephemeral.point)).toBe(hex(message.subarray(52, 116)));
  const session = new SessionRequest({ message, ephemeral, now }).accept(vector('SESSION_ACCEPT'));
  expect(session).toMatchObject({ id: 0xfedcba9876543210n, lifetime: 3600 });
  const packet = Buffer.from(session.seal(Buffer.from('hello')));
  expect(hex(packet)).toBe(hex(vector('SESSION, counter 1')));
  expect(tagHolds(vector('session key'), packet)).toBe(true);
  expect(readSession(packet).counter).toBe(1n);
});
