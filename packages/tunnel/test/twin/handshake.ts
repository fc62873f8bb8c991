import { gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { blake2s } from '@noble/hashes/blake2.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Suite } from '../../src/contract.js';

/* The handshake once more, from docs/protocols.md alone: in one line of steps, with other libraries. */

const bytes = (...values: number[]) => Uint8Array.from(values);
const text = (value: string) => new TextEncoder().encode(value);
export const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
const NONCE = new Uint8Array(12);

interface Primitives {
  readonly name: string;
  readonly prologue: Uint8Array;
  readonly header: (type: number) => Uint8Array;
  readonly index: (value: number) => Uint8Array;
  hash(data: Uint8Array): Uint8Array;
  hmac(key: Uint8Array, data: Uint8Array): Uint8Array;
  dh(secret: Uint8Array, point: Uint8Array): Uint8Array;
  publicKey(secret: Uint8Array): Uint8Array;
  seal(key: Uint8Array, ad: Uint8Array, data: Uint8Array): Uint8Array;
  mac(key: Uint8Array, data: Uint8Array): Uint8Array;
  sealCookie(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, cookie: Uint8Array): Uint8Array;
}

const u32 = (value: number, littleEndian: boolean) => {
  const all = new Uint8Array(4);
  new DataView(all.buffer).setUint32(0, value, littleEndian);
  return all;
};

export const PRIMITIVES: Record<Suite, Primitives> = {
  wireguard: {
    name: 'Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s',
    prologue: text('WireGuard v1 zx2c4 Jason@zx2c4.com'),
    header: (type) => bytes(type, 0, 0, 0),
    index: (value) => u32(value, true),
    hash: (data) => blake2s(data),
    hmac: (key, data) => hmac(blake2s, key, data),
    dh: (secret, point) => x25519.getSharedSecret(secret, point),
    publicKey: (secret) => x25519.getPublicKey(secret),
    seal: (key, ad, data) => chacha20poly1305(key, NONCE, ad).encrypt(data),
    mac: (key, data) => blake2s(data, { key, dkLen: 16 }),
    sealCookie: (key, nonce, ad, cookie) => xchacha20poly1305(key, nonce, ad).encrypt(cookie),
  },
  'aes-256-gcm': {
    name: 'Noise_IKpsk2_P256_AESGCM_SHA256',
    prologue: text('CryptBPF tunnel v1'),
    header: (type) => bytes(0xde, 0xad, 0xbe, 0xef, 1, type, 0, 0),
    index: (value) => u32(value, false),
    hash: (data) => sha256(data),
    hmac: (key, data) => hmac(sha256, key, data),
    dh: (secret, x) => p256.getSharedSecret(secret, join(bytes(2), x)).subarray(1),
    publicKey: (secret) => p256.getPublicKey(secret).subarray(1),
    seal: (key, ad, data) => gcm(key, NONCE, ad).encrypt(data),
    mac: (key, data) => hmac(sha256, key, data).subarray(0, 16),
    sealCookie: (key, nonce, ad, cookie) => gcm(hmac(sha256, key, nonce), NONCE, ad).encrypt(cookie),
  },
};

export interface Given {
  readonly initiator: Uint8Array;
  readonly initiatorEphemeral: Uint8Array;
  readonly responder: Uint8Array;
  readonly responderEphemeral: Uint8Array;
  readonly presharedKey: Uint8Array;
  readonly timestamp: Uint8Array;
  readonly initiatorIndex: number;
  readonly responderIndex: number;
  readonly nonce: Uint8Array;
  readonly cookie: Uint8Array;
}

export interface Computed {
  readonly initiation: Uint8Array;
  readonly cookieReply: Uint8Array;
  readonly initiationWithCookie: Uint8Array;
  readonly response: Uint8Array;
  readonly initiatorKey: Uint8Array;
  readonly responderKey: Uint8Array;
}

export function handshake(suite: Suite, given: Given): Computed {
  const p = PRIMITIVES[suite];
  const name = text(p.name);
  let ck = name.length > 32 ? p.hash(name) : join(name, new Uint8Array(32 - name.length));
  let h = p.hash(join(ck, p.prologue));
  let key = new Uint8Array(0);
  const mixHash = (data: Uint8Array) => {
    h = p.hash(join(h, data));
  };
  const derive = (input: Uint8Array, count: number): Uint8Array[] => {
    const prk = p.hmac(ck, input);
    const outputs: Uint8Array[] = [];
    for (let i = 1; i <= count; i++) outputs.push(p.hmac(prk, join(outputs.at(-1) ?? bytes(), bytes(i))));
    return outputs;
  };
  const mixKey = (input: Uint8Array) => {
    [ck, key] = derive(input, 2) as [Uint8Array, Uint8Array<ArrayBuffer>];
  };
  const seal = (data: Uint8Array) => {
    const sealed = p.seal(key, h, data);
    mixHash(sealed);
    return sealed;
  };
  const withMacs = (receiver: Uint8Array, message: Uint8Array, cookie?: Uint8Array) => {
    const mac1 = p.mac(p.hash(join(text('mac1----'), receiver)), message);
    const mac2 = cookie ? p.mac(cookie, join(message, mac1)) : new Uint8Array(16);
    return join(message, mac1, mac2);
  };
  const initiatorPublic = p.publicKey(given.initiator);
  const responderPublic = p.publicKey(given.responder);

  mixHash(responderPublic);
  const e = p.publicKey(given.initiatorEphemeral);
  mixHash(e);
  mixKey(e);
  mixKey(p.dh(given.initiatorEphemeral, responderPublic));
  const sealedStatic = seal(initiatorPublic);
  mixKey(p.dh(given.initiator, responderPublic));
  const sealedTimestamp = seal(given.timestamp);
  const first = join(p.header(1), p.index(given.initiatorIndex), e, sealedStatic, sealedTimestamp);
  const initiation = withMacs(responderPublic, first);

  const r = p.publicKey(given.responderEphemeral);
  mixHash(r);
  mixKey(r);
  mixKey(p.dh(given.responderEphemeral, e));
  mixKey(p.dh(given.responderEphemeral, initiatorPublic));
  const [next, tau, last] = derive(given.presharedKey, 3) as [
    Uint8Array,
    Uint8Array,
    Uint8Array<ArrayBuffer>,
  ];
  ck = next;
  mixHash(tau);
  key = last;
  const second = join(
    p.header(2),
    p.index(given.responderIndex),
    p.index(given.initiatorIndex),
    r,
    seal(bytes()),
  );
  const [initiatorKey, responderKey] = derive(bytes(), 2) as [Uint8Array, Uint8Array];

  const cookieKey = p.hash(join(text('cookie--'), responderPublic));
  const mac1 = initiation.subarray(-32, -16);
  const sealedCookie = p.sealCookie(cookieKey, given.nonce, mac1, given.cookie);
  return {
    initiation,
    cookieReply: join(p.header(3), p.index(given.initiatorIndex), given.nonce, sealedCookie),
    initiationWithCookie: withMacs(responderPublic, first, given.cookie),
    response: withMacs(initiatorPublic, second),
    initiatorKey,
    responderKey,
  };
}
