import { createECDH, createPrivateKey, type KeyObject } from 'node:crypto';

export interface TestKey {
  readonly id: number;
  readonly privateKey: KeyObject;
  /** 65 bytes. */
  readonly publicKey: Uint8Array;
}

/** A key pair that is the same each time. */
export function testKey(id: number, secret: Uint8Array = seeded(id)): TestKey {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(secret);
  const publicKey = new Uint8Array(ecdh.getPublicKey());
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
  const privateKey = createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      d: base64(secret),
      x: base64(publicKey.subarray(1, 33)),
      y: base64(publicKey.subarray(33)),
    },
  });
  return { id, privateKey, publicKey };
}

function seeded(id: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => (id * 31 + i * 7 + 1) & 0x7f);
}
