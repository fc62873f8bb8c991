import { createPrivateKey, KeyObject, sign } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { SignedAuthError } from '../client/errors.js';
import { toPublicJwk } from '../client/generate.js';
import { type MessageSigner, messageSigner, type PrivateKey, secretOf } from '../client/key.js';
import { Signer, type SignerOptions } from '../client/signer.js';

/**
 * `createSigner` of the client, which takes a KeyObject of node:crypto too, and lets node:crypto sign wherever the
 * key shows its bytes: in a tenth of the time.
 *
 * @throws SignedAuthError `ERR_SIGNED_AUTH_KEY`, TypeError, RangeError.
 *
 * @example
 * import { createSigner } from '@cryptbpf/signed-auth/udp';
 * const signer = createSigner(await readFile('key.pem', 'utf8'), { audience: 'telemetry.example', keyId: 1 });
 */
export function createSigner(key: PrivateKey | KeyObject, options: SignerOptions): Signer {
  if (key instanceof KeyObject) return new Signer(keyObjectSigner(key), options);
  const secret = secretOf(key);
  return new Signer(secret ? keyObjectSigner(keyObjectOf(secret)) : messageSigner(key), options);
}

function keyObjectOf(secret: Uint8Array): KeyObject {
  const jwk = toPublicJwk(p256.getPublicKey(secret, false));
  const d = Buffer.from(secret).toString('base64url');
  return createPrivateKey({ format: 'jwk', key: { ...jwk, d } });
}

function keyObjectSigner(key: KeyObject): MessageSigner {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.type !== 'private' || curve !== 'prime256v1') {
    const kind = curve ?? key.asymmetricKeyType ?? '';
    throw new SignedAuthError(
      'ERR_SIGNED_AUTH_KEY',
      `key is a ${key.type} KeyObject of ${kind}, expected private P-256`,
    );
  }
  return { signMessage: (message) => sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }) };
}
