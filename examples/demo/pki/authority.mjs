import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/* A CA as an operator has one: the openssl command, and a few files. */

const CA = [
  'basicConstraints=critical,CA:true',
  'keyUsage=critical,keyCertSign,cRLSign',
  'subjectKeyIdentifier=hash',
];
const BELOW = 'authorityKeyIdentifier=keyid';

export class Authority {
  #directory = mkdtempSync(join(tmpdir(), 'cryptbpf-demo-pki-'));
  #serial = 0x1000;

  constructor() {
    this.issue('root', CA);
    this.issue('intermediate', [...CA, BELOW], 'root');
    writeFileSync(this.#file('index'), '');
    writeFileSync(this.#file('number'), '01\n');
    const lines = ['[ca]', 'default_ca=c', '[c]', `database=${this.#file('index')}`, 'default_md=sha256'];
    writeFileSync(this.#file('cnf'), [...lines, `crlnumber=${this.#file('number')}`].join('\n'));
    this.revoke();
  }

  /** PEM of a certificate and those above it, and its key. */
  leaf(name, ...names) {
    const alternatives = names.map((text) => `URI:${text}`).join();
    const extensions = ['keyUsage=critical,digitalSignature', 'extendedKeyUsage=clientAuth', BELOW];
    this.issue(name, [...extensions, `subjectAltName=${alternatives}`], 'intermediate');
    return { chain: this.pem(name), key: readFileSync(this.#file(`${name}.key`), 'utf8') };
  }

  pem(name) {
    return readFileSync(this.#file(`${name}.pem`), 'utf8');
  }

  /** Writes a list with the certificates of these names on it. */
  revoke(...names) {
    const serials = names.map((name) =>
      this.#openssl('x509', '-in', this.#file(`${name}.pem`), '-noout', '-serial')
        .split('=')[1]
        .trim(),
    );
    const line = (serial) => `R\t400101000000Z\t250101000000Z\t${serial}\tunknown\t/CN=x\n`;
    writeFileSync(this.#file('index'), serials.map(line).join(''));
    const [certificate, key] = [this.#file('intermediate.pem'), this.#file('intermediate.key')];
    const from = ['-config', this.#file('cnf'), '-cert', certificate, '-keyfile', key];
    this.#openssl('ca', '-gencrl', ...from, '-crldays', '1', '-out', this.#file('new'));
    renameSync(this.#file('new'), this.crlFile);
  }

  get crlFile() {
    return this.#file('intermediate.crl');
  }

  issue(name, extensions, issuer) {
    const [key, request, pem, lines] = ['key', 'csr', 'pem', 'ext'].map((suffix) =>
      this.#file(`${name}.${suffix}`),
    );
    this.#openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', key);
    this.#openssl('req', '-new', '-key', key, '-subj', `/O=Demo/CN=${name}`, '-out', request);
    writeFileSync(lines, `[e]\n${extensions.join('\n')}\n`);
    const signer = issuer
      ? ['-CA', this.#file(`${issuer}.pem`), '-CAkey', this.#file(`${issuer}.key`)]
      : ['-signkey', key];
    const serial = ['-set_serial', String(this.#serial++), '-days', '2'];
    this.#openssl(
      'x509',
      '-req',
      '-in',
      request,
      '-out',
      pem,
      '-extfile',
      lines,
      '-extensions',
      'e',
      ...serial,
      ...signer,
    );
  }

  close() {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #file(name) {
    return join(this.#directory, name);
  }

  #openssl(...args) {
    return execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });
  }
}
