import { afterEach, beforeEach, expect, test } from 'vitest';
import { Holder } from '../src/client.js';
import { certificatePem, type Forged, forge } from './support/forge.js';
import { AUDIENCE, ChainGate } from './support/gate.js';
import { CA_EXTENSIONS, leafExtensions, OpenSsl } from './support/openssl.js';

/* Keys that the operator revokes by their identifier, in whatever certificate they are. */

let root: Forged;
let intermediate: Forged;
let leaf: Forged;
let gate: ChainGate;

beforeEach(async () => {
  root = forge('Root', { isCa: true });
  intermediate = forge('Intermediate', { issuer: root, isCa: true });
  leaf = forge('Leaf', { issuer: intermediate });
  gate = await ChainGate.create([certificatePem(root)]);
});
afterEach(() => gate[Symbol.dispose]());

const idOf = ({ pair }: Forged) => ({ subjectKeyId: pair.keyId.toString('hex') });
const present = (...chain: Forged[]) =>
  gate.present(
    chain.map(({ der }) => der),
    chain[0]!.pair,
  );

test('the key of a holder is out in each of his certificates, and nobody else is', async () => {
  const renewed = forge('Renewed', { issuer: intermediate, pair: leaf.pair });
  const other = forge('Other', { issuer: intermediate });
  expect(await present(leaf, intermediate)).toBe('ANSWER_ADMITTED');
  const [admitted] = gate.validator.admitted();
  expect(admitted!.certificate).toMatchObject(idOf(leaf));
  gate.validator.revokeCertificate(idOf(leaf));
  expect(await present(leaf, intermediate)).toBe('DROP_CERT_REVOKED');
  expect(await present(renewed, intermediate)).toBe('DROP_CERT_REVOKED');
  expect(await present(other, intermediate)).toBe('ANSWER_ADMITTED');
  expect(gate.validator.unrevokeCertificate(idOf(leaf))).toBe(true);
  expect(gate.validator.unrevokeCertificate(idOf(leaf))).toBe(false);
  expect(await present(renewed, intermediate)).toBe('ANSWER_ADMITTED');
});

test.each([
  ['intermediate', () => intermediate],
  ['anchor', () => root],
])('the key of an %s takes with it what it signed', async (_, ca) => {
  gate.validator.revokeCertificate(idOf(ca()));
  expect(await present(leaf, intermediate)).toBe('DROP_CERT_REVOKED');
});

test('lists, and authorities that come and go, leave keys revoked', async () => {
  gate.validator.revokeCertificate(idOf(leaf));
  const next = forge('Next', { isCa: true });
  await gate.validator.update({ anchors: [certificatePem(root), certificatePem(next)] });
  await gate.validator.update({ anchors: [certificatePem(root)] });
  expect(await present(leaf, intermediate)).toBe('DROP_CERT_REVOKED');
});

test('an identifier is taken with colons, and refused when it is none', () => {
  const colons = leaf.pair.keyId.toString('hex').toUpperCase().match(/../g)!.join(':');
  gate.validator.revokeCertificate({ subjectKeyId: colons });
  expect(gate.validator.unrevokeCertificate(idOf(leaf))).toBe(true);
  for (const subjectKeyId of ['', 'x', 'abc', 'ab'.repeat(33)])
    expect(() => gate.validator.revokeCertificate({ subjectKeyId })).toThrow(/subjectKeyId is/);
});

test('what the controller verifies is refused for a revoked key, too', async () => {
  using ssl = new OpenSsl();
  const algorithm = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'];
  const ca = ssl.issue('ca', { algorithm, digest: 'sha384', extensions: CA_EXTENSIONS });
  const extensions = leafExtensions('DNS:a.clients.example');
  const { certificate: chain, key } = ssl.issue('leaf', { algorithm, digest: 'sha384', extensions }, ca);
  using own = await ChainGate.create([ca.certificate], { otherAlgorithms: true });
  const holder = await Holder.create({ chain, key, audience: AUDIENCE });
  const admit = async () => {
    const source = own.nextSource();
    const challenge = own.validator.challengeFor(source);
    return own.validator.admit(source, challenge, await holder.present(challenge, source)).reason;
  };
  expect(await admit()).toBe('ANSWER_ADMITTED');
  const { certificate } = own.validator.admitted()[0]!;
  own.validator.revokeCertificate({ subjectKeyId: certificate!.subjectKeyId! });
  expect(await admit()).toBe('DROP_CERT_REVOKED');
});
