import type { TunnelSuite } from '../exchange/suite.js';
import { aesGcm } from '../noise/aead.js';
import { utf8, wipe } from '../noise/bytes.js';
import { p256 } from '../noise/diffie-hellman.js';
import { sha256 } from '../noise/hash.js';

const MAC_BYTES = 16;

/**
 * The protocol of WireGuard with NIST's algorithms: P-256, AES-256-GCM, SHA-256. What Noise leaves open is fixed in
 * docs/protocols.md.
 */
export const aes256Gcm: TunnelSuite = {
  noise: {
    name: 'Noise_IKpsk2_P256_AESGCM_SHA256',
    prologue: utf8('CryptBPF tunnel v1'),
    dh: p256,
    aead: aesGcm,
    hash: sha256,
  },
  headers: { initiation: header(1), response: header(2), cookie: header(3) },
  littleEndian: false,
  mac: (key, ...parts) => sha256.hmac(key, ...parts).subarray(0, MAC_BYTES),
  sealCookie: (key, nonce, ad, cookie) => withKeyOf(key, nonce, (once) => aesGcm.seal(once, 0n, ad, cookie)),
  openCookie: (key, nonce, ad, sealed) => withKeyOf(key, nonce, (once) => aesGcm.open(once, 0n, ad, sealed)),
  /** A tenth of the 2^32 at which the kernel stops. */
  rekeyAfterMessages: 2n ** 32n / 10n,
};

/** Magic, version, type, two reserved bytes. */
function header(type: number): Uint8Array {
  return Uint8Array.of(0xde, 0xad, 0xbe, 0xef, 1, type, 0, 0);
}

/** A key for one cookie: random nonces of 96 bits would not do for a key that never changes. */
function withKeyOf<T>(key: Uint8Array, nonce: Uint8Array, use: (once: Uint8Array) => T): T {
  const once = sha256.hmac(key, nonce);
  try {
    return use(once);
  } finally {
    wipe(once);
  }
}
