import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { KernelEcdsa } from '../../packages/primitives/dist/p384.js';

/* P-384 and P-521, each with the hash of its size. */

const KEYS = 4;
const SIGNATURES = 32;

export const WIDE_CURVES = [measure('p384', 'P-384', 'sha384'), measure('p521', 'P-521', 'sha512')];

function measure(curve, namedCurve, hash) {
  return () => {
    const kernel = new KernelEcdsa(curve);
    const pairs = Array.from({ length: KEYS }, () => generateKeyPairSync('ec', { namedCurve }));
    const cases = Array.from({ length: SIGNATURES }, (_, i) => signed(pairs[i % KEYS], hash));
    const row = {
      name: `${curve}/verify`,
      time: (count) => kernel.time(Array.from({ length: count }, (_, i) => cases[i % SIGNATURES])),
      baseline: `${curve}-verify`,
      note: 'keys from the packet, without tables',
    };
    return { sides: [row], close: () => kernel[Symbol.dispose]() };
  };
}

function signed({ publicKey, privateKey }, hash) {
  const message = randomBytes(32);
  const { x, y } = publicKey.export({ format: 'jwk' });
  return {
    key: Buffer.concat([Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]),
    digest: createHash(hash).update(message).digest(),
    signature: sign(hash, message, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  };
}
