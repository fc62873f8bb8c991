import { createPublicKey, randomBytes, sign, verify, X509Certificate } from 'node:crypto';
import { pinToCore, unpin } from './lib/pin.mjs';
import { timeRow } from './lib/rows.mjs';
import { takeTurns } from './lib/samples.mjs';
import { makeCertificates } from './pki/certificates.mjs';
import { BenchGate } from './pki/gate.mjs';

/* Certificates: nanoseconds per presentation, beside node:crypto (OpenSSL), which reads and verifies the same chain. */

const NODE = 'node:crypto, X509Certificate';
const BATCHES = 16;

const MEASURES = {
  'chain-2': {
    count: 32,
    note: 'leaf and intermediate below a known root, and the signature of the holder: three signatures',
  },
  'leaf-known-issuer': {
    count: 32,
    note: 'a leaf below an intermediate with a table, and its holder: two signatures',
  },
  drop: { count: 256, note: 'a leaf that is over, below an intermediate: refused before any signature' },
};

export async function benchPki({ progress, budgetMs = 8000 }) {
  const made = makeCertificates();
  const { root, intermediate } = made;
  const far = await BenchGate.create([root.pem]);
  const near = await BenchGate.create([root.pem], [intermediate.pem]);
  pinToCore();
  try {
    const rows = [];
    for (const [name, sides] of Object.entries(await sidesOf(made, { far, near }))) {
      progress(`pki/${name}`);
      const [ours, node] = await takeTurns(sides, { budgetMs });
      const { note } = MEASURES[name];
      rows.push(timeRow(`pki/${name}`, 'ns per presentation', ours, NODE, node, { note }));
    }
    return rows;
  } finally {
    unpin();
    far.close();
    near.close();
  }
}

async function sidesOf({ root, intermediate, leaf, late }, { far, near }) {
  const side = (gate, packet, name, reason) => () =>
    Array.from({ length: BATCHES }, () => gate.run(packet, MEASURES[name].count, reason));
  const chain = [leaf.der, intermediate.der];
  const proof = { message: randomBytes(144), key: createPublicKey(leaf.pem) };
  proof.signature = sign('sha256', proof.message, { key: leaf.key, dsaEncoding: 'ieee-p1363' });
  return {
    'chain-2': [
      side(far, await far.packet(chain, leaf.key), 'chain-2', 'DROP_PROOF'),
      baseline('chain-2', () => takes(chain, root.pem, proof)),
    ],
    'leaf-known-issuer': [
      side(near, await near.packet([leaf.der], leaf.key), 'leaf-known-issuer', 'DROP_PROOF'),
      baseline('leaf-known-issuer', () => takes([leaf.der], intermediate.pem, proof)),
    ],
    drop: [
      side(far, await far.packet([late.der, intermediate.der], late.key), 'drop', 'DROP_CERT_EXPIRED'),
      baseline('drop', () => Date.parse(new X509Certificate(late.der).validTo) < Date.now()),
    ],
  };
}

/** Reads the chain, verifies it up to the issuer, and the signature of its holder. */
function takes(chain, issuerPem, { message, signature, key }) {
  const certificates = chain.map((der) => new X509Certificate(der));
  const keys = [...certificates.slice(1).map(({ publicKey }) => publicKey), issuerKey(issuerPem)];
  return (
    certificates.every((certificate, i) => certificate.verify(keys[i])) &&
    verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
  );
}

const issuerKeys = new Map();

function issuerKey(pem) {
  if (!issuerKeys.has(pem)) issuerKeys.set(pem, createPublicKey(pem));
  return issuerKeys.get(pem);
}

/** Nanoseconds per chain, of each batch. */
function baseline(name, take) {
  const { count } = MEASURES[name];
  return () =>
    Array.from({ length: BATCHES }, () => {
      const start = process.hrtime.bigint();
      for (let i = 0; i < count; i++)
        if (!take()) throw new Error(`node:crypto refused the chain of ${name}`);
      return Number(process.hrtime.bigint() - start) / count;
    });
}
