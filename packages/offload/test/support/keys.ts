import { createPrivateKey, sign } from 'node:crypto';
import type { OffloadClientSpec, OffloadKeySpec } from '../../src/index.js';

const bytes = (first: number, length = 32) => Uint8Array.from({ length }, (_, i) => (first + i) & 0xff);

export const CLIENT: OffloadClientSpec & { secret: Uint8Array } = {
  id: 7,
  secret: bytes(100),
  rate: { perSecond: 1e6, burst: 1e6 },
};

/** The signer of RFC 6979, A.2.5. */
const PRIVATE = createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    crv: 'P-256',
    x: Buffer.from('60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6', 'hex').toString(
      'base64url',
    ),
    y: Buffer.from('7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299', 'hex').toString(
      'base64url',
    ),
    d: Buffer.from('C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721', 'hex').toString(
      'base64url',
    ),
  },
});

const { x, y } = PRIVATE.export({ format: 'jwk' }) as { x: string; y: string };

export const HMAC_KEY = 1;
export const AEAD_KEY = 2;
export const VERIFY_KEY = 3;
export const HMAC_SECRET = bytes(1);
export const AEAD_SECRET = bytes(50);

export const KEYS: Record<number, OffloadKeySpec> = {
  [HMAC_KEY]: { use: 'hmac', secret: HMAC_SECRET },
  [AEAD_KEY]: { use: 'aead', secret: AEAD_SECRET },
  [VERIFY_KEY]: { use: 'verify', publicKey: { kty: 'EC', crv: 'P-256', x, y } },
};

/** r and s, 64 bytes. */
export function signatureOf(message: Uint8Array): Uint8Array {
  return new Uint8Array(sign('sha256', message, { key: PRIVATE, dsaEncoding: 'ieee-p1363' }));
}
