import { PkiError } from './errors.js';
import { pemBlocks } from './pem.js';

/** A CryptoKey, structurally, so that every runtime's own fits. */
export interface PrivateCryptoKey {
  readonly type: string;
  readonly usages: readonly string[];
  readonly algorithm: { readonly name: string };
}

/** Whatever signs: with P-256 r || s, 64 bytes, of SHA-256 of the message. A key may be in hardware behind it. */
export interface MessageSigner {
  signMessage(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/**
 * A private key, of P-256 for what gates verify themselves: PEM (PKCS#8, or SEC 1 as `openssl ecparam -genkey` writes it), PKCS#8 or SEC 1 as bytes, a
 * CryptoKey, which need not be extractable, or an object that signs.
 */
export type PrivateKey = string | Uint8Array | PrivateCryptoKey | MessageSigner;

interface Subtle {
  sign(algorithm: object, key: PrivateCryptoKey, message: Uint8Array): Promise<ArrayBuffer>;
  importKey(
    format: 'pkcs8',
    bytes: Uint8Array,
    algorithm: object,
    extractable: boolean,
    usages: string[],
  ): Promise<PrivateCryptoKey>;
}

/** How a key is imported, and how it signs; but for the first, gates take it only from their application. */
const KINDS = [
  { key: { name: 'ECDSA', namedCurve: 'P-256' }, sign: { name: 'ECDSA', hash: 'SHA-256' } },
  { key: { name: 'ECDSA', namedCurve: 'P-384' }, sign: { name: 'ECDSA', hash: 'SHA-384' } },
  { key: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, sign: { name: 'RSASSA-PKCS1-v1_5' } },
] as const;

/** PKCS#8 in front of an ECPrivateKey of P-256 (RFC 5958, RFC 5915), without the lengths. */
const ALGORITHM = [
  0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
  0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
];
/** Where the version of an ECPrivateKey is 1, and of PKCS#8 0. */
const SEC1_VERSION = 1;

/** @throws PkiError `ERR_PKI_KEY`, TypeError for what is no key at all. */
export async function signerOf(key: PrivateKey): Promise<MessageSigner> {
  if (typeof key === 'string') return importedSigner(fromPem(key));
  if (key instanceof Uint8Array) return importedSigner(key);
  if (typeof key !== 'object' || key === null)
    throw new TypeError(
      `key is ${typeof key}, expected PEM, bytes, a CryptoKey or an object with signMessage`,
    );
  return 'signMessage' in key ? key : cryptoKeySigner(key);
}

function fromPem(pem: string): Uint8Array {
  const [pkcs8] = pemBlocks(pem, 'PRIVATE KEY');
  const [sec1] = pemBlocks(pem, 'EC PRIVATE KEY');
  const bytes = pkcs8 ?? sec1;
  if (bytes) return bytes;
  const isEncrypted = pem.includes('ENCRYPTED');
  throw badKey(
    `the PEM holds no private key${isEncrypted ? ' that is not encrypted: decrypt it first' : ''}`,
  );
}

async function importedSigner(bytes: Uint8Array): Promise<MessageSigner> {
  const pkcs8 = isSec1(bytes) ? wrap(bytes) : bytes;
  let cause: unknown;
  try {
    for (const { key } of KINDS) {
      try {
        return cryptoKeySigner(await subtle().importKey('pkcs8', pkcs8, key, false, ['sign']));
      } catch (error) {
        if (error instanceof PkiError) throw error;
        cause = error; // perhaps the next one
      }
    }
  } finally {
    if (pkcs8 !== bytes) pkcs8.fill(0);
  }
  throw badKey('key is no private key of P-256, P-384 or RSA, in PKCS#8 or SEC 1', cause);
}

/** SEQUENCE { INTEGER 1, … */
function isSec1(bytes: Uint8Array): boolean {
  return bytes[0] === 0x30 && bytes[2] === 0x02 && bytes[3] === 1 && bytes[4] === SEC1_VERSION;
}

function wrap(sec1: Uint8Array): Uint8Array {
  const inner = [...ALGORITHM, ...tlv(0x04, sec1)];
  return Uint8Array.from(tlv(0x30, inner));
}

function tlv(tag: number, contents: Uint8Array | number[]): number[] {
  const { length } = contents;
  return length < 0x80 ? [tag, length, ...contents] : [tag, 0x81, length, ...contents];
}

function cryptoKeySigner(key: PrivateCryptoKey): MessageSigner {
  const { name, namedCurve } = (key.algorithm ?? {}) as { name?: string; namedCurve?: string };
  const kind = KINDS.find(
    ({ key: wanted }) =>
      wanted.name === name && ('namedCurve' in wanted ? wanted.namedCurve : undefined) === namedCurve,
  );
  if (!kind) throw badKey(`key is a CryptoKey for ${name} ${namedCurve ?? ''}, expected ECDSA P-256`);
  if (key.type !== 'private' || !key.usages.includes('sign'))
    throw badKey(`key is a ${key.type} CryptoKey for [${key.usages}], expected a private one for sign`);
  return { signMessage: async (message) => new Uint8Array(await subtle().sign(kind.sign, key, message)) };
}

function subtle(): Subtle {
  const { crypto } = globalThis as unknown as { crypto?: { subtle?: Subtle } };
  if (crypto?.subtle) return crypto.subtle;
  throw badKey('this runtime has no WebCrypto here (browsers: only over https)');
}

function badKey(message: string, cause?: unknown): PkiError {
  return new PkiError('ERR_PKI_KEY', message, { cause });
}
