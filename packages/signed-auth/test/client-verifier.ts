import { createECDH, createHash, createHmac, createPublicKey, type KeyObject, verify } from 'node:crypto';

/* The receiving end, written from docs/protocols.md with node:crypto and BigInt alone. */

const label = (text: string) => Buffer.concat([Buffer.from(text), Buffer.alloc(32)]).subarray(0, 32);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const hmac = (key: Uint8Array, bytes: Uint8Array) => createHmac('sha256', key).update(bytes).digest();

export interface SignedPacket {
  payload: Buffer;
  instance: bigint;
  counter: bigint;
  time: number;
  keyId: number;
  cookie: Buffer | undefined;
  holds: boolean;
}

export interface Expectation {
  audience: string;
  key: KeyObject;
  addresses?: Buffer;
}

export function publicKeyOf(pem: string): KeyObject {
  return createPublicKey(pem);
}

/** Type of the trailer, 0 when there is none. */
export function trailerType(packet: Buffer): number {
  const foot = packet.subarray(-8);
  const isFoot = foot.length === 8 && foot.readUInt32BE(4) === 0x5147beef && foot[0] === 1;
  return isFoot && foot.readUInt16BE(2) === 0 ? foot[1]! : 0;
}

export function readSigned(packet: Buffer, { audience, key, addresses }: Expectation): SignedPacket {
  const withCookie = trailerType(packet) === 2;
  const at = packet.length - (withCookie ? 128 : 96);
  const text = addresses ? 'cryptbpf signed-auth addr v1' : 'cryptbpf signed-auth v1';
  const parts = [
    label(text),
    sha256(Buffer.from(audience)),
    addresses ?? Buffer.alloc(0),
    packet.subarray(0, at + 24),
  ];
  return {
    payload: packet.subarray(0, at),
    instance: packet.readBigUInt64BE(at),
    counter: packet.readBigUInt64BE(at + 8),
    time: packet.readUInt32BE(at + 16),
    keyId: packet.readUInt16BE(at + 20),
    cookie: withCookie ? packet.subarray(at + 88, at + 120) : undefined,
    holds: packet.readUInt16BE(at + 22) === 0 && holds(key, parts, packet.subarray(at + 24, at + 88)),
  };
}

export function knockHolds(
  key: KeyObject,
  audience: string,
  challenge: Buffer,
  source: Buffer,
  proof: Buffer,
): boolean {
  const parts = [label('cryptbpf signed-auth knock v1'), sha256(Buffer.from(audience))];
  return holds(key, [...parts, proof.subarray(0, 4), challenge, source], proof.subarray(4));
}

export function sessionRequestHolds(
  key: KeyObject,
  audience: string,
  source: Buffer,
  request: Buffer,
): boolean {
  const parts = [label('cryptbpf signed-auth session v1'), sha256(Buffer.from(audience))];
  const [challenge, keyId, ephemeral] = [
    request.subarray(16, 48),
    request.subarray(48, 52),
    request.subarray(52, 116),
  ];
  return holds(key, [...parts, keyId, challenge, source, ephemeral], request.subarray(116));
}

function holds(key: KeyObject, parts: Uint8Array[], signature: Buffer): boolean {
  return verify('sha256', Buffer.concat(parts), { key, dsaEncoding: 'ieee-p1363' }, signature);
}

export interface OpenedSession {
  accept: Buffer;
  key: Buffer;
}

/** What a gate answers to a session request, and the key that it keeps. */
export function acceptSession(request: Buffer, sessionId: bigint, lifetime: number): OpenedSession {
  const ecdh = createECDH('prime256v1');
  const ephemeral = ecdh.generateKeys().subarray(1);
  const accept = Buffer.alloc(180);
  request.copy(accept, 0, 0, 16);
  accept[5] = 6;
  accept.writeBigUInt64BE(sessionId, 16);
  accept.writeUInt32BE(lifetime, 24);
  ephemeral.copy(accept, 32);
  const salt = sha256(Buffer.concat([request, accept.subarray(16, 28), ephemeral]));
  const prk = hmac(salt, ecdh.computeSecret(Buffer.concat([Buffer.of(4), request.subarray(52, 116)])));
  const expand = (info: string) => hmac(prk, Buffer.concat([Buffer.from(info), Buffer.of(1)]));
  hmac(expand('cryptbpf session confirm'), salt).copy(accept, 96);
  return { accept, key: expand('cryptbpf session key').subarray(0, 16) };
}

export interface SessionPacket {
  payload: Buffer;
  sessionId: bigint;
  counter: bigint;
  tag: Buffer;
}

export function readSession(packet: Buffer): SessionPacket {
  const at = packet.length - 40;
  return {
    payload: packet.subarray(0, at),
    sessionId: packet.readBigUInt64BE(at),
    counter: packet.readBigUInt64BE(at + 8),
    tag: packet.subarray(at + 16, at + 32),
  };
}

export function tagHolds(key: Uint8Array, packet: Buffer): boolean {
  return siphash128(key, packet.subarray(0, -24)).equals(packet.subarray(-24, -8));
}

const MASK = 2n ** 64n - 1n;
const rotate = (x: bigint, bits: bigint) => ((x << bits) | (x >> (64n - bits))) & MASK;

/** SipHash-2-4-128 as its reference implementation has it. */
export function siphash128(key: Uint8Array, message: Uint8Array): Buffer {
  const [k0, k1] = [Buffer.from(key).readBigUInt64LE(0), Buffer.from(key).readBigUInt64LE(8)];
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn ^ 0xeen;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const rounds = (count: number) => {
    for (let i = 0; i < count; i++) {
      v0 = (v0 + v1) & MASK;
      v1 = rotate(v1, 13n) ^ v0;
      v0 = rotate(v0, 32n);
      v2 = (v2 + v3) & MASK;
      v3 = rotate(v3, 16n) ^ v2;
      v0 = (v0 + v3) & MASK;
      v3 = rotate(v3, 21n) ^ v0;
      v2 = (v2 + v1) & MASK;
      v1 = rotate(v1, 17n) ^ v2;
      v2 = rotate(v2, 32n);
    }
  };
  const padded = Buffer.alloc((message.length & ~7) + 8);
  padded.set(message);
  padded[padded.length - 1] = message.length & 0xff;
  for (let at = 0; at < padded.length; at += 8) {
    const word = padded.readBigUInt64LE(at);
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
  const out = Buffer.alloc(16);
  v2 ^= 0xeen;
  rounds(4);
  out.writeBigUInt64LE(v0 ^ v1 ^ v2 ^ v3, 0);
  v1 ^= 0xddn;
  rounds(4);
  out.writeBigUInt64LE(v0 ^ v1 ^ v2 ^ v3, 8);
  return out;
}
