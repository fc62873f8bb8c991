import {
  createECDH,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  KeyObject,
} from 'node:crypto';
import { LogError } from './errors.js';

/*
 * Keys of the log, by node:crypto, which wipes what it made itself. Secrets are kept in memory outside of the
 * JavaScript heap, where the garbage collector makes no copies, and are overwritten: see secret() and wipe().
 */

export const KEY_BYTES = 32;
export const LOG_ID_BYTES = 16;
export const POINT_BYTES = 65;

const CURVE = 'prime256v1';

/** A P-256 key: PEM, or a KeyObject of node:crypto. */
export type KeyInput = string | KeyObject;

/** Zeroed memory of its own. A small typed array that has no ArrayBuffer yet would lie in the heap, and move. */
export function secret(length = KEY_BYTES): Buffer {
  return Buffer.from(new ArrayBuffer(length));
}

export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const bytes of secrets) bytes.fill(0);
}

/** HMAC-SHA-256. The result is the caller's to wipe. */
export function hmac(key: Uint8Array, ...parts: readonly (Uint8Array | string)[]): Buffer {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

/** A new key pair for a recipient. The private half belongs on the machine that reads, never on one that logs. */
export function generateRecipient(): { privatePem: string; publicPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
  };
}

/** The public point, 65 bytes. Refuses a private key: it must not be on this machine. Throws ERR_LOG_KEY. */
export function recipientPoint(key: KeyInput): Buffer {
  const isPrivate = typeof key === 'string' ? /PRIVATE KEY/.test(key) : key.type === 'private';
  if (isPrivate) {
    throw new LogError(
      'ERR_LOG_KEY',
      'the recipient key is private: give its public half, and keep this one off the host',
    );
  }
  const jwk = p256(() => createPublicKey(pemOf(key, 'spki'))).export({ format: 'jwk' });
  return Buffer.concat([Buffer.of(4), Buffer.from(jwk.x!, 'base64url'), Buffer.from(jwk.y!, 'base64url')]);
}

/** The private scalar, 32 bytes. Throws ERR_LOG_KEY. */
export function recipientScalar(key: KeyInput): Buffer {
  const isPublic = typeof key === 'string' ? /PUBLIC KEY/.test(key) : key.type === 'public';
  if (isPublic)
    throw new LogError('ERR_LOG_KEY', 'the recipient key is public: reading needs its private half');
  const jwk = p256(() => createPrivateKey(pemOf(key, 'pkcs8'))).export({ format: 'jwk' });
  return Buffer.from(jwk.d!, 'base64url');
}

/** Of a copy: Node 20 can stand still while it writes the JWK of a key that it has generated itself. */
function pemOf(key: KeyInput, type: 'spki' | 'pkcs8'): string {
  return key instanceof KeyObject ? (key.export({ type, format: 'pem' }) as string) : key;
}

function p256(load: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = load();
  } catch (cause) {
    throw new LogError('ERR_LOG_KEY', 'the recipient key cannot be read: expected a PEM of a P-256 key', {
      cause,
    });
  }
  if (key.asymmetricKeyDetails?.namedCurve === CURVE) return key;
  const kind = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? key.type;
  throw new LogError(
    'ERR_LOG_KEY',
    `the recipient key is ${kind}, expected P-256: make one with cryptbpf-log keygen`,
  );
}

/** x of the product, and the ephemeral point, whose scalar is gone when this returns. */
export function agreeOnce(point: Uint8Array, scalar?: Uint8Array): { shared: Buffer; enc: Buffer } {
  const ecdh = createECDH(CURVE);
  if (scalar) ecdh.setPrivateKey(scalar);
  else ecdh.generateKeys();
  const shared = ecdh.computeSecret(point);
  const enc = ecdh.getPublicKey();
  ecdh.generateKeys(); // frees, and so clears, the scalar at once
  return { shared, enc };
}

/** The point of a scalar, 65 bytes. */
export function scalarPoint(scalar: Uint8Array): Buffer {
  const ecdh = createECDH(CURVE);
  ecdh.setPrivateKey(scalar);
  return ecdh.getPublicKey();
}
