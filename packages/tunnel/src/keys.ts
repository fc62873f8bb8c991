import { randomBytes } from 'node:crypto';
import { BpfError } from '@cryptbpf/core';
import type { Suite } from './contract.js';
import { tunnelSuite } from './exchange/suite.js';
import { utf8, wipe } from './noise/bytes.js';
import { KEY_BYTES } from './noise/diffie-hellman.js';
import { sha256 } from './noise/hash.js';

/* Keys as text are 32 bytes in base64, in both suites: what `wg genkey`, `wg pubkey` and `wg genpsk` print. */

const BASE64 = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** A new private key. The two suites' keys are of different kinds: one of the other suite's is of no use. */
export function generatePrivateKey(suite: Suite = 'wireguard'): string {
  const secret = tunnelSuite(suite).noise.dh.generateBytes();
  const text = formatKey(secret);
  wipe(secret);
  return text;
}

/** The public key of a private one. Throws ERR_BAD_VALUE. */
export function publicKeyOf(privateKey: string, suite: Suite = 'wireguard'): string {
  const secret = parseKey(privateKey, 'private key');
  try {
    return formatKey(tunnelSuite(suite).noise.dh.fromBytes(secret).publicKey);
  } catch {
    throw new BpfError('ERR_BAD_VALUE', `private key is none of suite ${suite}: make one for it`);
  } finally {
    wipe(secret);
  }
}

/** A new preshared key, for both sides of one pair of peers. */
export function generatePresharedKey(): string {
  return formatKey(randomBytes(KEY_BYTES));
}

/** All keys that one of two sides needs. */
export interface LabKeys {
  readonly privateKey: string;
  /** The other side's. */
  readonly publicKey: string;
  readonly presharedKey: string;
}

/**
 * For labs: the keys of both sides from one secret that both have (make it with generatePresharedKey()), so that
 * there are no public keys to exchange. Whoever has the secret can be either side. All else is as with other keys:
 * each start has a handshake with new ephemeral keys, so no key and nonce are used twice. Throws ERR_BAD_VALUE.
 */
export function insecureLabKeys(secret: string, side: 'a' | 'b', suite: Suite = 'wireguard'): LabKeys {
  const bytes = parseKey(secret, 'secret');
  const keyOf = (what: string) => formatKey(sha256.hmac(bytes, utf8(`cryptbpf tunnel lab ${suite} ${what}`)));
  try {
    const [own, other] = side === 'a' ? ['a', 'b'] : ['b', 'a'];
    return {
      privateKey: keyOf(own!),
      publicKey: publicKeyOf(keyOf(other!), suite),
      presharedKey: keyOf('preshared'),
    };
  } finally {
    wipe(bytes);
  }
}

/** The 32 bytes of a key, the caller's to wipe. Throws ERR_BAD_VALUE, which does not tell the key. */
export function parseKey(text: string, what: string): Uint8Array {
  if (typeof text === 'string' && BASE64.test(text)) return Uint8Array.from(Buffer.from(text, 'base64'));
  const is = typeof text === 'string' ? `has ${text.length} characters` : `is ${typeof text}`;
  throw new BpfError('ERR_BAD_VALUE', `${what} ${is}: expected ${KEY_BYTES} bytes in base64, 44 characters`);
}

/** The 32 bytes of a public key with which others can agree. Throws ERR_BAD_VALUE. */
export function parsePublicKey(text: string, suite: Suite): Uint8Array {
  const publicKey = parseKey(text, 'public key');
  const { dh } = tunnelSuite(suite).noise;
  try {
    wipe(dh.generate().agree(publicKey));
  } catch {
    throw new BpfError(
      'ERR_BAD_VALUE',
      `public key ${text} is none of suite ${suite}: is it of the other one?`,
    );
  }
  return publicKey;
}

export function formatKey(key: Uint8Array): string {
  return Buffer.from(key).toString('base64');
}
