import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { Exit, Failure } from '../../failure.js';
import { installed } from '../../packages.js';
import { ADDRESS, AUDIENCE, type Explanation, gateDiagram, hex, type Step, someChallenge } from './step.js';

async function* steps(): AsyncGenerator<Step> {
  const { Holder } = await installed('pki', () => import('@cryptbpf/pki/client'));
  const { chain, key } = certify();
  const { subject, fingerprint256, raw } = new X509Certificate(chain);
  yield {
    what: 'a certificate and its key, made by openssl; a gate trusts the CA above it',
    values: { subject, sha256: fingerprint256, bytes: raw.length },
  };
  const holder = await Holder.create({ chain, key, audience: AUDIENCE });
  const challenge = someChallenge(0);
  yield {
    what: 'the challenge that a gate would give, with a random tag in place of its own',
    values: { challenge: hex(challenge), 'for the address': ADDRESS },
  };
  const { certificates, signature } = await holder.present(challenge, ADDRESS);
  yield {
    what: 'the holder signs challenge, address, service and chain',
    values: { certificates: certificates.length, signature: hex(signature) },
  };
  const other = await holder.present(someChallenge(0), ADDRESS);
  yield {
    what: 'another challenge wants another signature: what was seen on the wire opens nothing',
    values: {
      signature: hex(other.signature),
      'certificates, sha256': createHash('sha256').update(other.certificates[0]!).digest('hex'),
    },
  };
}

/** Throws Failure without openssl. */
function certify(): { chain: string; key: string } {
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '1',
  ];
  try {
    const text = execFileSync('openssl', [...request, '-subj', '/CN=till.shop.example', '-keyout', '-'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [key = '', chain = ''] = text.match(/-----BEGIN [\s\S]+?-----END [^\n]+/g) ?? [];
    return { chain, key };
  } catch (cause) {
    throw new Failure(Exit.UNABLE, 'this one needs openssl: apt-get install openssl', { cause });
  }
}

export const pki: Explanation = {
  diagram: gateDiagram(
    'certificates',
    'The kernel verifies the chain up to a CA of the operator, its times, names and revocation, and the signature.',
  ),
  steps,
};
