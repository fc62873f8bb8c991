import { addressBytes, reasonName } from '@cryptbpf/core/gate-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../pow/test/support/random.js';
import { type Policy, verifyChain } from '../src/chain.js';
import { Holder } from '../src/client.js';
import { parseRule } from '../src/names.js';
import { nameDigest, resolveTrust } from '../src/trust.js';
import { Refusal } from '../src/x509/der.js';
import { badChains, goodChains } from './support/bad-chains.js';
import { certificatePem, forge, type Pair, pemOf } from './support/forge.js';
import { AUDIENCE, ChainGate, RULES } from './support/gate.js';
import { CA_EXTENSIONS, type Issued, leafExtensions, OpenSsl } from './support/openssl.js';
import { randomChain } from './support/random-chains.js';

/* The kernel's way and the controller's: the same verdict for the same chain, and what only the controller verifies. */

const COUNT = Number(process.env.CRYPTBPF_FUZZ ?? 400);
const root = forge('Root', { isCa: true });
const ssl = new OpenSsl();
let gate: ChainGate;

beforeAll(async () => {
  gate = await ChainGate.create([certificatePem(root)]);
});
afterAll(() => {
  gate[Symbol.dispose]();
  ssl[Symbol.dispose]();
});

function policy(): Policy {
  const nowS = Math.floor(Date.now() / 1000);
  const authorities = resolveTrust({ anchors: [root.der], intermediates: [], crls: [] }, nowS);
  const audience = nameDigest(Buffer.from(AUDIENCE));
  return { authorities, rules: RULES.map(parseRule), requireCrl: false, audience, nowS, strict: true };
}

/** What the controller says of it. */
async function verdict(chain: readonly Uint8Array[], holder: Pair): Promise<string> {
  const challenge = new Uint8Array(32);
  const presented = await (await Holder.create({ chain, key: pemOf(holder), audience: AUDIENCE })).present(
    challenge,
    '192.0.2.1',
  );
  try {
    verifyChain({ ...presented, challenge, source: addressBytes('192.0.2.1') }, policy());
    return 'ANSWER_ADMITTED';
  } catch (error) {
    if (error instanceof Refusal) return reasonName(error.reason);
    throw error;
  }
}

describe('both ways say the same of', () => {
  test.each([...badChains(root), ...goodChains(root)])('$what', async ({ chain, holder }) => {
    expect(await verdict(chain, holder)).toBe(await gate.present(chain, holder));
  });

  test(`${COUNT} random chains`, { timeout: 3_600_000 }, async () => {
    const random = new Random(8);
    for (let i = 0; i < COUNT; i++) {
      const { chain, holder, broken } = randomChain(random, root);
      expect([broken, await verdict(chain, holder)]).toEqual([broken, await gate.present(chain, holder)]);
    }
  });
});

describe('what the kernel does not verify', () => {
  const P384 = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'];
  const RSA = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'];
  const WEAK = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'];
  const names = ['DNS:a.clients.example'];

  const admit = async (through: ChainGate, leaf: Issued, above: readonly Issued[] = []) => {
    const chain = [leaf, ...above].map(({ certificate }) => certificate).join('');
    const source = through.nextSource();
    const challenge = through.validator.challengeFor(source);
    const holder = await Holder.create({ chain, key: leaf.key, audience: AUDIENCE });
    return through.validator.admit(source, challenge, await holder.present(challenge, source));
  };

  test.each([
    ['P-384', P384, 'sha384'],
    ['RSA', RSA, 'sha256'],
  ])('%s is verified by the controller, where the operator wants it', async (_, algorithm, digest) => {
    const ca = ssl.issue(`ca-${digest}`, { algorithm, digest, extensions: CA_EXTENSIONS });
    const leaf = ssl.issue(`leaf-${digest}`, { algorithm, digest, extensions: leafExtensions(...names) }, ca);
    await expect(ChainGate.create([ca.certificate])).rejects.toThrow('another key than P-256');
    using own = await ChainGate.create([ca.certificate], { otherAlgorithms: true });
    expect(await admit(own, leaf)).toMatchObject({ admitted: true, lifetime: 3600 });
    const [holder] = own.validator.admitted();
    expect(holder?.certificate).toMatchObject({
      authority: `O=Test, CN=ca-${digest}`,
      name: 'a.clients.example',
    });
    const other = ssl.issue(
      `other-${digest}`,
      { algorithm, digest, extensions: leafExtensions('DNS:b.example') },
      ca,
    );
    expect((await admit(own, other)).reason).toBe('DROP_CERT_NO_MATCH');
    expect((await admit(own, { ...leaf, key: other.key })).reason).toBe('DROP_PROOF');
  });

  test('a key that is too short is refused there, too', async () => {
    const ca = ssl.issue('weak', { algorithm: WEAK, extensions: CA_EXTENSIONS });
    const leaf = ssl.issue('leaf-weak', { algorithm: RSA, extensions: leafExtensions(...names) }, ca);
    using own = await ChainGate.create([ca.certificate], { otherAlgorithms: true });
    expect((await admit(own, leaf)).reason).toBe('DROP_CERT_SIGNATURE');
  });

  test('a chain that does not fit a packet is verified by the controller', async () => {
    const top = ssl.root('top');
    let issuer = top;
    const above: Issued[] = [];
    for (let i = 0; i < 4; i++) {
      issuer = ssl.intermediate(issuer, `below-${i}`);
      above.unshift(issuer);
    }
    const leaf = ssl.leaf(issuer, 'far');
    using kernel = await ChainGate.create([top.certificate]);
    await expect(admit(kernel, leaf, above)).rejects.toThrow('do not fit a message');
    using own = await ChainGate.create([top.certificate], { otherAlgorithms: true });
    expect(await admit(own, leaf, above)).toMatchObject({ admitted: true });
  });

  test('a challenge admits once here, too', async () => {
    const ca = ssl.issue('once', { algorithm: P384, digest: 'sha384', extensions: CA_EXTENSIONS });
    const leaf = ssl.issue(
      'leaf-once',
      { algorithm: P384, digest: 'sha384', extensions: leafExtensions(...names) },
      ca,
    );
    using own = await ChainGate.create([ca.certificate], { otherAlgorithms: true });
    const challenge = own.validator.challengeFor('192.0.2.9');
    const holder = await Holder.create({ chain: leaf.certificate, key: leaf.key, audience: AUDIENCE });
    const presented = await holder.present(challenge, '192.0.2.9');
    expect(own.validator.admit('192.0.2.9', challenge, presented)).toMatchObject({ admitted: true });
    expect(own.validator.admit('192.0.2.9', challenge, presented)).toMatchObject({
      admitted: false,
      reason: 'DROP_SPENT',
    });
  });
});
