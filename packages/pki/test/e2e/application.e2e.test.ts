import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Issued } from '../support/openssl.js';
import { Lab, SERVER } from './lab.js';

/* Clients that cannot send UDP: challenges and chains over HTTP, through the example's application and page. */

const APPLICATION = fileURLToPath(new URL('../../../../examples/pki/application.mjs', import.meta.url));
const PAGE = fileURLToPath(new URL('page.mjs', import.meta.url));

let lab: Lab;
let root: Issued;

beforeAll(async () => {
  lab = await Lab.create();
  root = lab.ssl.root();
  await lab.spawn(lab.server, [APPLICATION, 's0', lab.ssl.path('root.pem')], 'ready');
});
afterAll(() => lab[Symbol.dispose]());

function enter({ certificate: chain, key }: Issued, host: string, audience = 'service.example') {
  const options = JSON.stringify({ chain, key, audience });
  return JSON.parse(lab.client.exec(process.execPath, PAGE, `http://${host}:8081/`, options));
}

test('a page hands in its chain over HTTP, and its machine reaches the port', () => {
  expect(lab.connect()).toBe('timeout');
  expect(enter(lab.ssl.leaf(root), SERVER.ipv4)).toEqual({ admitted: true, reason: 'ANSWER_ADMITTED' });
  expect(lab.connect()).toBe('open');
});

test('over IPv6 it is another source, which an RSA key opens as well', () => {
  expect(lab.connect(SERVER.ipv6)).toBe('timeout');
  const rsa = lab.ssl.issue(
    'rsa',
    {
      algorithm: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
      extensions: [
        'extendedKeyUsage=clientAuth',
        'authorityKeyIdentifier=keyid',
        'subjectAltName=DNS:rsa.example',
      ],
    },
    root,
  );
  expect(enter(rsa, `[${SERVER.ipv6}]`).admitted).toBe(true);
  expect(lab.connect(SERVER.ipv6)).toBe('open');
});

test('a stranger, and who signs for another service, are refused with the reason', () => {
  const stranger = lab.ssl.leaf(lab.ssl.root('stranger'), 'unknown');
  expect(enter(stranger, SERVER.ipv4)).toEqual({ admitted: false, reason: 'DROP_CERT_UNTRUSTED' });
  const leaf = lab.ssl.leaf(root, 'elsewhere');
  expect(enter(leaf, SERVER.ipv4, 'other.example').reason).toBe('DROP_PROOF');
});
