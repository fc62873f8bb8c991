import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  type KeyObject,
  verify,
} from 'node:crypto';

/* The operations by node:crypto, that is OpenSSL: in workers, in this thread, and to check the others. */

const SIGNATURE_BYTES = 64;
const AEAD_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/** enum offload_error, as far as an operation itself can say. */
export const Failure = { none: 0, operation: 1, key: 2, length: 3, forged: 6, failed: 8 } as const;

/** A key as engines get it: secrets of HMAC and AES, public keys as SEC 1 (65 bytes). */
export interface EngineKey {
  readonly use: 'hmac' | 'aead' | 'verify';
  readonly bytes: Uint8Array;
}

export type EngineKeys = ReadonlyMap<number, EngineKey>;

export interface Job {
  /** enum offload_operation: 0 SHA-256, 1 HMAC, 2 seal, 3 open, 4 verify. */
  readonly operation: number;
  readonly key: number;
  /** 12 bytes, to seal with, once. */
  readonly nonce: Uint8Array | undefined;
  readonly data: Uint8Array;
}

export interface Outcome {
  /** enum offload_error; 0: done. */
  readonly error: number;
  readonly result: Uint8Array;
  /** Nanoseconds of a CPU that it took, where the engine measures them. */
  readonly costNs?: number;
}

export function isSame(a: Outcome, b: Outcome): boolean {
  return a.error === b.error && Buffer.compare(a.result, b.result) === 0;
}

type Prepared = EngineKey & { readonly publicKey?: KeyObject };

const failed = (error: number): Outcome => ({ error, result: new Uint8Array() });
const done = (...parts: Uint8Array[]): Outcome => ({ error: Failure.none, result: plain(parts) });

/** Buffers of a pool share memory with others: what leaves here does not. */
function plain(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export class Performer {
  #keys = new Map<number, Prepared>();

  setKeys(keys: EngineKeys): void {
    this.#keys = new Map([...keys].map(([id, key]) => [id, prepare(key)]));
  }

  /** The same, with what it took of this thread. */
  measure(job: Job): Outcome {
    const begun = process.hrtime.bigint();
    const outcome = this.perform(job);
    return { ...outcome, costNs: Number(process.hrtime.bigint() - begun) };
  }

  perform({ operation, key: id, nonce, data }: Job): Outcome {
    const use = USES[operation];
    if (use === undefined) return failed(Failure.operation);
    if (use === 'none') return done(createHash('sha256').update(data).digest());
    const key = this.#keys.get(id);
    if (key?.use !== use) return failed(Failure.key);
    if (use === 'hmac') return done(createHmac('sha256', key.bytes).update(data).digest());
    if (use === 'verify') return check(key.publicKey!, data);
    return operation === SEAL ? seal(key.bytes, nonce, data) : open(key.bytes, data);
  }
}

const USES = ['none', 'hmac', 'aead', 'aead', 'verify'] as const;
const SEAL = 2;

function prepare(key: EngineKey): Prepared {
  if (key.use !== 'verify') return key;
  const text = (at: number) => Buffer.from(key.bytes.subarray(at, at + 32)).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x: text(1), y: text(33) };
  return { ...key, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) };
}

function check(key: KeyObject, data: Uint8Array): Outcome {
  if (data.length < SIGNATURE_BYTES) return failed(Failure.length);
  const signature = data.subarray(0, SIGNATURE_BYTES);
  const holds = verify(
    'sha256',
    data.subarray(SIGNATURE_BYTES),
    { key, dsaEncoding: 'ieee-p1363' },
    signature,
  );
  return done(Uint8Array.of(0, 0, 0, holds ? 1 : 0));
}

/** Where additional data begins and ends, behind so many bytes; undefined: it does not fit. */
function aadRange(data: Uint8Array, before: number): [number, number] | undefined {
  if (data.length < before) return undefined;
  const length = (data[0]! << 8) | data[1]!;
  if ((data[2]! | data[3]!) !== 0 || before + length > data.length) return undefined;
  return [before, before + length];
}

function seal(secret: Uint8Array, nonce: Uint8Array | undefined, data: Uint8Array): Outcome {
  const range = aadRange(data, AEAD_BYTES);
  if (!range || !nonce) return failed(range ? Failure.failed : Failure.length);
  const cipher = createCipheriv(CIPHER, secret, nonce);
  cipher.setAAD(data.subarray(...range));
  const text = cipher.update(data.subarray(range[1]));
  cipher.final();
  return done(nonce, text, cipher.getAuthTag());
}

function open(secret: Uint8Array, data: Uint8Array): Outcome {
  const range = aadRange(data, AEAD_BYTES + NONCE_BYTES);
  if (!range || range[1] + TAG_BYTES > data.length) return failed(Failure.length);
  const nonce = data.subarray(AEAD_BYTES, AEAD_BYTES + NONCE_BYTES);
  const cipher = createDecipheriv(CIPHER, secret, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(data.subarray(...range));
  cipher.setAuthTag(data.subarray(data.length - TAG_BYTES));
  const text = cipher.update(data.subarray(range[1], data.length - TAG_BYTES));
  try {
    cipher.final();
  } catch {
    return failed(Failure.forged);
  }
  return done(text);
}
