import {
  createCipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SessionGuard } from '../src/client/guard.js';
import { sessionSecret } from '../src/client/keys.js';
import { openSession, type Session, sessionQuestion, sessionResult } from '../src/client/session.js';
import { decodePacket, encodePacket } from '../src/client/wire.js';

const specification = readFileSync(new URL('../../../docs/protocols.md', import.meta.url), 'utf8');
const chapter = /### Vectors of sessions[\s\S]*?```\n([\s\S]*?)```/.exec(specification)![1]!;
const vector = (name: string) => new RegExp(`^${name} += (.*)$`, 'm').exec(chapter)![1]!;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

const series = (first: number) =>
  Buffer.from(Array.from({ length: 32 }, (_, i) => first + i)).toString('hex');
const PRIVATE = { client: series(0x40), service: series(0x80) };
const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i);
const CLIENT = 7;
const COUNTER = 1_700_000_000_000_000n;
const SESSION = 0x01020304;
const PACKET = {
  ...{ type: 1, operation: 0, detail: 0, client: SESSION, key: 0, segment: 0, segments: 1 },
  ...{ counter: COUNTER + 1n, data: new TextEncoder().encode('hello') },
};

/** By node:crypto alone. */
function nodeShare(secret: string) {
  const pkcs8 = Buffer.concat([
    Buffer.from('302e020100300506032b656e04220420', 'hex'),
    Buffer.from(secret, 'hex'),
  ]);
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return { key, share: { secret: bytes(secret), public: new Uint8Array(spki.subarray(12)) } };
}

function exchange() {
  const [client, service] = [nodeShare(PRIVATE.client), nodeShare(PRIVATE.service)];
  const result = sessionResult(SESSION, 3600, service.share);
  const seen = { client: CLIENT, counter: COUNTER, request: client.share.public, result };
  return { client, service, seen };
}

function expectedKeys({ client, service, seen }: ReturnType<typeof exchange>) {
  const head = Buffer.alloc(12);
  head.writeUInt32BE(CLIENT);
  head.writeBigUInt64BE(COUNTER, 4);
  const salt = createHash('sha256').update(head).update(seen.request).update(seen.result).digest();
  const own = hkdfSync('sha256', SECRET, new Uint8Array(), 'cryptbpf offload v1 session', 32);
  const point = diffieHellman({ privateKey: client.key, publicKey: createPublicKey(service.key) });
  const input = Buffer.concat([point, new Uint8Array(own)]);
  const key = (use: string) =>
    new Uint8Array(hkdfSync('sha256', input, salt, `cryptbpf offload v1 session ${use}`, 32));
  return { request: key('request'), reply: key('reply') };
}

const opened = (): Session => {
  const { client, service, seen } = exchange();
  return openSession(sessionSecret(SECRET), client.share, service.share.public, seen)!;
};

describe('a session', () => {
  test('has the keys that the specification says, at both ends', () => {
    const all = exchange();
    const expected = expectedKeys(all);
    const { client, service, seen } = all;
    const ends = [
      openSession(sessionSecret(SECRET), client.share, service.share.public, seen)!,
      openSession(sessionSecret(SECRET), service.share, client.share.public, seen)!,
    ];
    expect([hex(client.share.public), hex(service.share.public)]).toEqual([
      vector('client share'),
      vector('service share'),
    ]);
    expect(hex(sessionSecret(SECRET))).toBe(vector('session secret'));
    for (const { id, lifetimeSeconds, keys } of ends) {
      expect([id, lifetimeSeconds]).toEqual([SESSION, 3600]);
      expect([hex(keys.request), hex(keys.reply)]).toEqual([hex(expected.request), hex(expected.reply)]);
      expect([hex(keys.request), hex(keys.reply)]).toEqual([vector('request key'), vector('reply key')]);
    }
    expect(hex(client.share.secret)).toBe('00'.repeat(32));
  });

  test('has other keys when anything of the exchange is another', () => {
    const { client, service, seen } = exchange();
    const keys = [seen, { ...seen, client: 8 }, { ...seen, counter: 1n }].map((one) => {
      const share = { ...client.share, secret: client.share.secret.slice() };
      return hex(openSession(sessionSecret(SECRET), share, service.share.public, one)!.keys.request);
    });
    const other = openSession(
      sessionSecret(SECRET.slice().reverse()),
      client.share,
      service.share.public,
      seen,
    )!;
    expect(new Set([...keys, hex(other.keys.request)]).size).toBe(4);
  });

  test('is none with a point of small order, or with a share that is cut', () => {
    const { client, seen } = exchange();
    const secret = sessionSecret(SECRET);
    const share = () => ({ ...client.share, secret: bytes(PRIVATE.client) });
    expect(openSession(secret, share(), new Uint8Array(32), seen)).toBeUndefined();
    expect(openSession(secret, share(), Uint8Array.from([1, ...new Uint8Array(31)]), seen)).toBeUndefined();
    expect(openSession(secret, share(), new Uint8Array(31), seen)).toBeUndefined();
  });
});

describe('packets of a session', () => {
  test('are what ChaCha20-Poly1305 of OpenSSL makes of them', () => {
    const { keys } = opened();
    const sealed = encodePacket(PACKET, 32, new SessionGuard(keys.request.slice()));
    const head = sealed.subarray(0, 32);
    const nonce = Buffer.concat([Uint8Array.of(1, 0), head.subarray(14, 16), head.subarray(24, 32)]);
    const cipher = createCipheriv('chacha20-poly1305', keys.request, nonce, { authTagLength: 16 });
    cipher.setAAD(head, { plaintextLength: 32 });
    const body = Buffer.concat([cipher.update(`hello${'\0'.repeat(27)}`), cipher.final()]);
    expect(hex(sealed)).toBe(hex(Buffer.concat([head, body, cipher.getAuthTag()])));
    expect(hex(sealed)).toBe(vector('REQUEST'));
  });

  test('come out as they went in, and are refused with any bit changed', () => {
    const guard = new SessionGuard(opened().keys.request);
    const sealed = encodePacket(PACKET, 32, guard);
    expect(decodePacket(sealed, guard)).toEqual(PACKET);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Uint8Array.from(sealed);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(decodePacket(changed, guard)).toBeUndefined();
    }
  });
});

test('a request for a session has room for the answer', () => {
  const { client, seen } = exchange();
  const { data, room } = sessionQuestion(client.share);
  expect([data.length, room]).toEqual([32, seen.result.length]);
});
