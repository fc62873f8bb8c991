import { Reason } from '@cryptbpf/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../pow/test/support/random.js';
import { type Certificate, readCertificate } from '../src/x509/certificate.js';
import { Refusal } from '../src/x509/der.js';
import { type Issued, leafExtensions, OpenSsl } from './support/openssl.js';
import { Reader } from './support/reader.js';

/* The kernel's reader of certificates, and the same in TypeScript. */

const COUNT = Number(process.env.CRYPTBPF_FUZZ ?? 20_000);

const reader = new Reader();
const ssl = new OpenSsl();
let issued: Issued[];

beforeAll(() => {
  const root = ssl.root();
  const intermediate = ssl.intermediate(root, 'intermediate', [
    'basicConstraints=critical,CA:true,pathlen:3',
    'keyUsage=critical,keyCertSign,cRLSign',
    'subjectKeyIdentifier=hash',
    'authorityKeyIdentifier=keyid',
    'extendedKeyUsage=clientAuth,serverAuth',
    'certificatePolicies=1.2.3.4',
    'crlDistributionPoints=URI:http://crl.example/ca.crl',
  ]);
  const everything = [
    ...leafExtensions(
      'DNS:a.example',
      'URI:spiffe://t/x',
      'IP:192.0.2.1',
      'IP:2001:db8::1',
      'email:a@b.example',
      'dirName:d',
    ),
  ];
  issued = [
    root,
    intermediate,
    ssl.leaf(intermediate),
    ssl.issue(
      'everything',
      { extensions: [...everything, '[d]', 'CN=x'], subject: '/C=DE/O=A/OU=B+OU=C/CN=e', days: 20_000 },
      intermediate,
    ),
  ];
});
afterAll(() => {
  reader[Symbol.dispose]();
  ssl[Symbol.dispose]();
});

/** What the TypeScript reader says. */
function read(der: Uint8Array): Certificate | Reason {
  try {
    return readCertificate(der);
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
}

test('both read the same out of what openssl issues', () => {
  for (const [i, { reason, certificate: c }] of reader.read(issued.map(({ der }) => der)).entries()) {
    expect(reason).toBe(Reason.REASON_NONE);
    const twin = read(issued[i]!.der) as Certificate;
    const part = ({ at, length }: { at: number; length: number }) =>
      Buffer.from(issued[i]!.der.subarray(at, at + length));
    const id = ({ bytes, length }: { bytes: Uint8Array; length: number }) =>
      Buffer.from(bytes.subarray(0, length));
    expect(part(c.tbs)).toEqual(Buffer.from(twin.tbs));
    expect([part(c.issuer), part(c.subject)]).toEqual([
      Buffer.from(twin.issuer.bytes),
      Buffer.from(twin.subject.bytes),
    ]);
    expect([c.notBeforeS, c.notAfterS]).toEqual([BigInt(twin.notBefore), BigInt(twin.notAfter)]);
    expect(id(c.serial)).toEqual(Buffer.from(twin.serial));
    expect(id(c.subjectKey)).toEqual(Buffer.from(twin.subjectKey ?? []));
    expect(id(c.authorityKey)).toEqual(Buffer.from(twin.authorityKey ?? []));
    expect(Buffer.concat([c.point.x, c.point.y])).toEqual(Buffer.from(twin.point!));
    expect([c.isCa === 1, c.keyUsage, c.clientAuth === 1]).toEqual([
      twin.isCa,
      twin.keyUsage,
      twin.clientAuth,
    ]);
    expect(c.pathLength === 0xffff_ffff ? Number.POSITIVE_INFINITY : c.pathLength).toBe(twin.pathLength);
    expect(c.seen).toBe([...twin.seen].reduce((bits, bit) => bits | (1n << BigInt(bit)), 0n));
    expect(c.critical).toBe([...twin.critical].reduce((bits, bit) => bits | (1n << BigInt(bit)), 0n));
  }
});

test(`they say the same of ${COUNT} damaged certificates`, { timeout: 3_600_000 }, () => {
  const random = new Random(8);
  const counts = new Map<number, number>();
  for (let done = 0; done < COUNT; done += reader.size) {
    const inputs = Array.from({ length: reader.size }, () => damage(random, random.pick(issued).der));
    for (const [i, { reason }] of reader.read(inputs).entries()) {
      const twin = read(inputs[i]!);
      const wanted = typeof twin === 'object' ? Reason.REASON_NONE : twin;
      if (reason !== wanted)
        expect.fail(`${Buffer.from(inputs[i]!).toString('hex')}: kernel ${reason}, twin ${wanted}`);
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
  }
  expect(counts.size).toBeGreaterThan(10);
});

/** One to three changes: bytes, lengths, pieces that go, come or are repeated. */
function damage(random: Random, der: Uint8Array): Uint8Array {
  let bytes = Buffer.from(der);
  for (let left = 1 + random.below(3); left > 0; left--) {
    const at = random.below(bytes.length);
    const length = 1 + random.below(8);
    const kind = random.below(6);
    if (kind === 0) bytes[at] = random.below(256);
    else if (kind === 1) bytes[at] = bytes[at]! ^ (1 << random.below(8));
    else if (kind === 2) bytes[at] = bytes[at]! + (random.below(2) === 0 ? 1 : -1);
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    else bytes = bytes.subarray(0, Math.max(1, at));
  }
  return new Uint8Array(bytes.subarray(0, 1400));
}
