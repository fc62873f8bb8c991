import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Exit, Failure } from '../failure.js';

const CA = [
  'basicConstraints=critical,CA:true',
  'keyUsage=critical,keyCertSign,cRLSign',
  'subjectKeyIdentifier=hash',
];
const LEAF = [
  'basicConstraints=critical,CA:false',
  'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=clientAuth',
  'subjectKeyIdentifier=hash',
  'authorityKeyIdentifier=keyid',
  'subjectAltName=DNS:honest.traffic.example',
];

/** root.pem, and a certificate below it, honest.pem, each with its key. Throws Failure without openssl. */
export function certify(folder: string): void {
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const issue = (name: string, extensions: readonly string[], signer: readonly string[]) => {
    const key = at(`${name}.key`);
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', key);
    openssl('req', '-new', '-key', key, '-subj', `/CN=${name}`, '-out', at('request'));
    writeFileSync(at('extensions'), extensions.join('\n'));
    const request = ['-req', '-in', at('request'), '-extfile', at('extensions'), '-days', '1'];
    openssl('x509', ...request, '-out', at(`${name}.pem`), '-set_serial', `${Date.now()}`, ...signer);
  };
  try {
    issue('root', CA, ['-signkey', at('root.key')]);
    issue('honest', LEAF, ['-CA', at('root.pem'), '-CAkey', at('root.key')]);
  } catch (cause) {
    throw new Failure(Exit.UNABLE, 'this one needs openssl: apt-get install openssl', { cause });
  }
}
