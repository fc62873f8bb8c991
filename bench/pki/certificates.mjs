import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CA = [
  'basicConstraints=critical,CA:true',
  'keyUsage=critical,keyCertSign',
  'subjectKeyIdentifier=hash',
];
const BELOW = 'authorityKeyIdentifier=keyid';
const LEAF = [
  'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=clientAuth',
  BELOW,
  'subjectAltName=URI:spiffe://bench.example/leaf',
];

/** A root, an intermediate and leaves, made by the openssl command: {pem, key, der} of each, by name. */
export function makeCertificates() {
  const directory = mkdtempSync(join(tmpdir(), 'cryptbpf-bench-pki-'));
  try {
    const issue = issuerIn(directory);
    const root = issue('root', CA);
    const intermediate = issue('intermediate', [...CA, BELOW], 'root');
    const leaf = issue('leaf', LEAF, 'intermediate');
    const late = issue('late', LEAF, 'intermediate', ['-days', '-1']);
    return { root, intermediate, leaf, late };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function issuerIn(directory) {
  const file = (name) => join(directory, name);
  const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });
  return (name, extensions, issuer, days = ['-days', '30']) => {
    const [key, request, pem] = ['key', 'csr', 'pem'].map((suffix) => file(`${name}.${suffix}`));
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', key);
    openssl('req', '-new', '-key', key, '-subj', `/O=Bench/CN=${name}`, '-out', request);
    writeFileSync(file('extensions'), `[e]\n${extensions.join('\n')}\n`);
    const signer = issuer
      ? ['-CA', file(`${issuer}.pem`), '-CAkey', file(`${issuer}.key`)]
      : ['-signkey', key];
    const common = ['-req', '-in', request, '-out', pem, '-extfile', file('extensions'), '-extensions', 'e'];
    openssl('x509', ...common, '-set_serial', '0x1234', ...days, ...signer);
    const text = readFileSync(pem, 'utf8');
    return { pem: text, key: readFileSync(key, 'utf8'), der: new Uint8Array(new X509Certificate(text).raw) };
  };
}
