import { checkBytes, checkInteger } from '@cryptbpf/core/gate-client';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { ZkpError } from './errors.js';
import type { Prover } from './prover.js';
import { audienceDigest, claimOf, LABELS, numberField } from './statement.js';

/** Least bytes of a secret: below that, whoever sees a proof finds the secret by trying. */
export const SECRET_MIN = 16;
/** More would only be hashed down. */
export const SECRET_MAX = 64;
/** What form 'sha256' takes. */
export const SHA256_SECRET = 32;

export interface HashProverOptions {
  /** The name that the gate's operator chose for the service. */
  audience: string;
  /** The number under which the gate knows the secret, 0 to 65535. */
  keyId: number;
  /** 16 to 64 random bytes; no password. */
  secret: Uint8Array;
  /**
   * 'hmac', the default, is HMAC-SHA-256 over all that is proved. 'sha256' is SHA-256(secret || challenge), for devices
   * that have no more; its secret has 32 bytes.
   */
  form?: 'hmac' | 'sha256';
}

/**
 * Proves knowledge of a secret that the gate has as well: whoever reads the gate's memory can prove it too.
 *
 * @throws ZkpError `ERR_ZKP_KEY`, TypeError, RangeError.
 *
 * @example
 * import { createHashProver } from '@cryptbpf/zkp/client';
 * const prover = createHashProver({ audience: 'ssh.example', keyId: 1, secret });
 */
export function createHashProver({ audience, keyId, secret, form = 'hmac' }: HashProverOptions): Prover {
  const service = audienceDigest(audience);
  const id = numberField(checkInteger('keyId', keyId, 0, 0xffff));
  checkSecret(secret, form);
  const own = secret.slice();
  const respond = (challenge: Uint8Array, source: string | Uint8Array) => {
    const claim = claimOf(challenge, source);
    if (form === 'sha256') return sha256(concatBytes(own, challenge));
    return hmac(sha256, own, concatBytes(LABELS.hash, service, claim, id));
  };
  return {
    kind: 'hash',
    prove: (challenge, source) => concatBytes(id, respond(challenge, source)),
  };
}

function checkSecret(secret: Uint8Array, form: 'hmac' | 'sha256'): void {
  if (form !== 'hmac' && form !== 'sha256')
    throw new TypeError(`form is ${form}, expected "hmac" or "sha256"`);
  checkBytes('secret', secret);
  const [min, max] = form === 'hmac' ? [SECRET_MIN, SECRET_MAX] : [SHA256_SECRET, SHA256_SECRET];
  if (secret.length >= min && secret.length <= max) return;
  const expected = min === max ? `${min}` : `${min} to ${max}`;
  throw new ZkpError('ERR_ZKP_KEY', `secret is ${secret.length} bytes, expected ${expected}`);
}
