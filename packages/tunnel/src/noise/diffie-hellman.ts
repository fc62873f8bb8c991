import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { concat, wipe } from './bytes.js';

/** Bytes of a public key, of a private key and of what two parties agree on, in both groups. */
export const KEY_BYTES = 32;

/** A private key that stays in OpenSSL's memory, which OpenSSL wipes when the key is collected. */
export interface PrivateKey {
  readonly publicKey: Uint8Array;
  /** What it has in common with the owner of a public key; the caller's to wipe. Throws for a key that is none. */
  agree(publicKey: Uint8Array): Uint8Array;
}

/** One of Noise's groups. All of it runs in OpenSSL, in constant time. */
export interface DiffieHellman {
  generate(): PrivateKey;
  /** Throws for bytes that are no private key. */
  fromBytes(secret: Uint8Array): PrivateKey;
  /** A new private key's bytes; the caller's to wipe. */
  generateBytes(): Uint8Array;
}

const X25519_PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex');
const X25519_PUBLIC = Buffer.from('302a300506032b656e032100', 'hex');

/** X25519 (RFC 7748). A public key of small order, with which anybody agrees on zeros, is refused. */
export const x25519: DiffieHellman = {
  generate() {
    const { privateKey, publicKey } = generateKeyPairSync('x25519');
    return x25519Key(privateKey, publicKey);
  },

  fromBytes(secret) {
    const der = concat(X25519_PRIVATE, secret);
    try {
      const key = createPrivateKey({ key: Buffer.from(der.buffer), format: 'der', type: 'pkcs8' });
      return x25519Key(key, createPublicKey(key));
    } finally {
      wipe(der);
    }
  },

  generateBytes() {
    const der = generateKeyPairSync('x25519').privateKey.export({ format: 'der', type: 'pkcs8' });
    const secret = clamp(Uint8Array.from(der.subarray(-KEY_BYTES)));
    wipe(der);
    return secret;
  },
};

/**
 * NIST P-256 as the suite aes-256-gcm has it: a public key is the 32 bytes of the point's x, big endian. Which of the
 * two points with that x is meant does not matter, as only the x of their product is used (SP 800-56A, 5.7.1.2).
 * An x without a point is refused, so there is no key outside of the curve; the group has no small subgroups.
 */
export const p256: DiffieHellman = {
  generate() {
    const key = createECDH('prime256v1');
    key.generateKeys();
    return p256Key(key);
  },

  fromBytes(secret) {
    const key = createECDH('prime256v1');
    key.setPrivateKey(secret);
    return p256Key(key);
  },

  generateBytes() {
    const key = createECDH('prime256v1');
    key.generateKeys();
    const short = key.getPrivateKey();
    const secret = new Uint8Array(KEY_BYTES);
    secret.set(short, KEY_BYTES - short.length);
    wipe(short);
    return secret;
  },
};

function x25519Key(privateKey: KeyObject, publicKey: KeyObject): PrivateKey {
  const der = publicKey.export({ format: 'der', type: 'spki' });
  return {
    publicKey: Uint8Array.from(der.subarray(-KEY_BYTES)),
    agree: (peer) => bytesOf(diffieHellman({ privateKey, publicKey: x25519Public(peer) })),
  };
}

function x25519Public(bytes: Uint8Array): KeyObject {
  const key = Buffer.concat([X25519_PUBLIC, bytes]);
  return createPublicKey({ key, format: 'der', type: 'spki' });
}

/** As RFC 7748 says, and as `wg genkey` writes it. */
function clamp(secret: Uint8Array): Uint8Array {
  secret[0]! &= 248;
  secret[31]! = (secret[31]! & 127) | 64;
  return secret;
}

/** Marks the x that follows as a compressed point, the one with an even y. */
const EVEN = Uint8Array.of(2);

function p256Key(key: ReturnType<typeof createECDH>): PrivateKey {
  return {
    publicKey: Uint8Array.from(key.getPublicKey(null, 'compressed').subarray(1)),
    agree: (peer) => bytesOf(key.computeSecret(concat(EVEN, peer))),
  };
}

/** In an array of its own: a Buffer's memory may be shared. */
function bytesOf(secret: Buffer): Uint8Array {
  const bytes = Uint8Array.from(secret);
  wipe(secret);
  return bytes;
}
