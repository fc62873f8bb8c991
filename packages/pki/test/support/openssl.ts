import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/* Certificates and lists as operators make them: with the openssl command. */

export interface Issued {
  readonly name: string;
  readonly certificate: string;
  readonly key: string;
  readonly der: Uint8Array;
}

export interface Request {
  /** One openssl option for a key. Default: P-256. */
  algorithm?: readonly string[];
  digest?: string;
  /** Lines of an extension section. */
  extensions: readonly string[];
  days?: number;
  subject?: string;
  serial?: string;
}

export const CA_EXTENSIONS = [
  'basicConstraints=critical,CA:true',
  'keyUsage=critical,keyCertSign,cRLSign',
  'subjectKeyIdentifier=hash',
];
export const BELOW = 'authorityKeyIdentifier=keyid';

export function leafExtensions(...names: string[]): string[] {
  return [
    'basicConstraints=critical,CA:false',
    'keyUsage=critical,digitalSignature',
    'extendedKeyUsage=clientAuth',
    'subjectKeyIdentifier=hash',
    BELOW,
    `subjectAltName=${names.join(',')}`,
  ];
}

const P256 = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];

/** A directory with a CA hierarchy of a test's own. */
export class OpenSsl implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'cryptbpf-pki-'));
  #count = 0;

  /** Signed by issuer, or by itself. */
  issue(name: string, { extensions, days = 30, ...request }: Request, issuer?: Issued): Issued {
    const files = this.#files(name);
    const subject = request.subject ?? `/O=Test/CN=${name}`;
    this.#openssl('genpkey', ...(request.algorithm ?? P256), '-out', files.key);
    this.#openssl('req', '-new', '-key', files.key, '-subj', subject, '-out', files.request);
    writeFileSync(files.extensions, `[e]\n${extensions.join('\n')}\n`);
    const signer = issuer
      ? ['-CA', this.#files(issuer.name).certificate, '-CAkey', this.#files(issuer.name).key]
      : ['-signkey', files.key];
    const serial = request.serial ?? `0x${(0x1000 + this.#count++).toString(16)}`;
    const common = ['-req', '-in', files.request, '-out', files.certificate, '-extfile', files.extensions];
    this.#openssl(
      ...['x509', ...common, '-extensions', 'e', `-${request.digest ?? 'sha256'}`],
      ...['-days', String(days), '-set_serial', serial, ...signer],
    );
    return this.#read(name);
  }

  root(name = 'root', extensions: readonly string[] = CA_EXTENSIONS): Issued {
    return this.issue(name, { extensions });
  }

  intermediate(
    issuer: Issued,
    name = 'intermediate',
    extensions: readonly string[] = [...CA_EXTENSIONS, BELOW],
  ): Issued {
    return this.issue(name, { extensions }, issuer);
  }

  leaf(issuer: Issued, name = 'leaf', ...names: string[]): Issued {
    const asked = names.length > 0 ? names : [`DNS:${name}.clients.example`];
    return this.issue(name, { extensions: leafExtensions(...asked) }, issuer);
  }

  /** A leaf that is over in so many seconds. */
  issueUntil(issuer: Issued, name: string, seconds: number): Issued {
    const leaf = this.leaf(issuer, name);
    const files = this.#files(name);
    const config = this.#database([]);
    const end = new Date(Date.now() + seconds * 1000).toISOString().replace(/[-:T]|\.\d+/g, '');
    const { certificate, key } = this.#files(issuer.name);
    this.#openssl(
      ...['ca', '-config', config, '-batch', '-notext', '-cert', certificate, '-keyfile', key],
      ...['-in', files.request, '-out', files.certificate, '-extfile', files.extensions, '-extensions', 'e'],
      ...['-startdate', '20250101000000Z', '-enddate', end, '-outdir', this.directory, '-rand_serial'],
    );
    return { ...leaf, ...this.#read(name) };
  }

  /** A file with a list of the issuer's, of those certificates; days until the next one. */
  crl(issuer: Issued, revoked: readonly Issued[], { days = 1, file = `${issuer.name}.crl` } = {}): string {
    const path = join(this.directory, file);
    const config = this.#database(revoked);
    const { certificate, key } = this.#files(issuer.name);
    const seconds = String(Math.round(days * 86_400));
    this.#openssl(
      ...['ca', '-config', config, '-gencrl', '-crlsec', seconds, '-cert', certificate],
      ...['-keyfile', key, '-out', `${path}.new`],
    );
    execFileSync('mv', [`${path}.new`, path]);
    return path;
  }

  path(file: string): string {
    return join(this.directory, file);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** What `openssl ca` calls its database. Returns its configuration. */
  #database(revoked: readonly Issued[]): string {
    const index = join(this.directory, `index-${this.#count++}`);
    const line = ({ der }: Issued) => {
      const serial = new X509Certificate(der).serialNumber;
      return `R\t300101000000Z\t250101000000Z\t${serial}\tunknown\t/CN=x\n`;
    };
    writeFileSync(index, revoked.map(line).join(''));
    writeFileSync(`${index}.number`, '01\n');
    const lines = [
      ...['[ca]', 'default_ca=c', '[c]', `database=${index}`, `crlnumber=${index}.number`],
      ...['default_md=sha256', 'policy=p', 'crl_extensions=x', 'unique_subject=no', 'rand_serial=yes'],
      ...['[p]', 'organizationName=optional', 'commonName=supplied', '[x]', BELOW],
    ];
    writeFileSync(`${index}.cnf`, lines.join('\n'));
    return `${index}.cnf`;
  }

  #files(name: string) {
    const path = (suffix: string) => join(this.directory, `${name}.${suffix}`);
    return { key: path('key'), request: path('csr'), certificate: path('pem'), extensions: path('ext') };
  }

  #read(name: string): Issued {
    const files = this.#files(name);
    const certificate = readFileSync(files.certificate, 'utf8');
    const der = new Uint8Array(new X509Certificate(certificate).raw);
    return { name, certificate, key: readFileSync(files.key, 'utf8'), der };
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' });
  }
}
