import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { addressBytes } from '@cryptbpf/core/gate-client';
import { p256 } from '@noble/curves/nist.js';
import { expect, test } from 'vitest';
import { verifyChain } from '../src/chain.js';
import { transcript } from '../src/client/holder.js';
import { encodeCertificates, encodeProof } from '../src/client/message.js';
import { Holder } from '../src/client.js';
import { parseRule } from '../src/names.js';
import { nameDigest, resolveTrust } from '../src/trust.js';

/* The vectors of docs/protocols.md, read from there. */

const specification = readFileSync(new URL('../../../docs/protocols.md', import.meta.url), 'utf8');
const vectorsOf = (part: string) =>
  specification.split(`## ${part}`)[1]!.split('### Vectors')[1]!.split('\n## ')[0]!;

function vector(name: string, part = 'Certificates'): Uint8Array {
  const line = vectorsOf(part)
    .split('\n')
    .find((text) => text.startsWith(`${name} `) && text.includes('= '));
  return new Uint8Array(Buffer.from(/= ([0-9a-f]+)/.exec(line!)![1]!, 'hex'));
}

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());
const secret = vector('private key', 'Signed packets');
const source = addressBytes('192.0.2.1');
const [root, leaf, challenge] = [vector('root'), vector('leaf'), vector('challenge')];

test('digests and the proof are those of the specification, byte for byte', async () => {
  const list = encodeCertificates([leaf]);
  expect(sha256(list)).toEqual(vector('certificates digest'));
  expect(sha256(new TextEncoder().encode('vectors.example'))).toEqual(vector('audience'));
  const message = transcript(vector('audience'), challenge, source, vector('certificates digest'));
  expect(sha256(message)).toEqual(vector('holder digest'));
  const key = { signMessage: (bytes: Uint8Array) => p256.sign(bytes, secret) };
  const holder = await Holder.create({ chain: [leaf], key, audience: 'vectors.example' });
  const { certificates, signature } = await holder.present(challenge, '192.0.2.1');
  expect(encodeProof({ certificates }, signature)).toEqual(vector('proof'));
});

test('they hold, by the rules and by OpenSSL', () => {
  const nowS = 1_800_000_000;
  const authorities = resolveTrust({ anchors: [root], intermediates: [], crls: [] }, nowS);
  const audience = nameDigest(Buffer.from('vectors.example'));
  const rules = [parseRule('spiffe://vectors.example/')];
  const signature = vector('proof').subarray(4, 68);
  const policy = { authorities, rules, requireCrl: false, audience, nowS, strict: true };
  const verified = verifyChain({ certificates: [leaf], signature, challenge, source }, policy);
  expect(verified.serial).toEqual(Uint8Array.of(2));
  const [issuer, holder] = [new X509Certificate(root), new X509Certificate(leaf)];
  expect(holder.checkIssued(issuer) && holder.verify(issuer.publicKey)).toBe(true);
  expect(holder.checkPrivateKey(privateKey())).toBe(true);
});

function privateKey() {
  const point = p256.getPublicKey(secret, false);
  const part = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
  const [x, y] = [part(point.subarray(1, 33)), part(point.subarray(33))];
  return createPrivateKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', d: part(secret), x, y } });
}
