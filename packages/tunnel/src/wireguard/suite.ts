import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { blake2s as nobleBlake2s } from '@noble/hashes/blake2.js';
import type { TunnelSuite } from '../exchange/suite.js';
import { chachaPoly } from '../noise/aead.js';
import { concat, utf8 } from '../noise/bytes.js';
import { x25519 } from '../noise/diffie-hellman.js';
import { blake2s } from '../noise/hash.js';

/** The protocol of WireGuard (wireguard.com/papers/wireguard.pdf, section 5), byte for byte. */
export const wireguard: TunnelSuite = {
  noise: {
    name: 'Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s',
    prologue: utf8('WireGuard v1 zx2c4 Jason@zx2c4.com'),
    dh: x25519,
    aead: chachaPoly,
    hash: blake2s,
  },
  headers: { initiation: header(1), response: header(2), cookie: header(3) },
  littleEndian: true,
  mac: (key, ...parts) => nobleBlake2s(concat(...parts), { key, dkLen: 16 }),
  sealCookie: (key, nonce, ad, cookie) => xchacha20poly1305(key, nonce, ad).encrypt(cookie),
  openCookie(key, nonce, ad, sealed) {
    try {
      return xchacha20poly1305(key, nonce, ad).decrypt(sealed);
    } catch {
      return undefined;
    }
  },
  rekeyAfterMessages: 2n ** 60n,
};

/** Type, and three reserved bytes. */
function header(type: number): Uint8Array {
  return Uint8Array.of(type, 0, 0, 0);
}
