import { createHash, createPrivateKey, sign } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cidOf } from '../../cas/src/client.js';
import { leafExtensions, OpenSsl } from '../../pki/test/support/openssl.js';
import { Place } from './support/command.js';

let place: Place;
beforeEach(() => {
  place = new Place({ withPeer: true });
});
afterEach(() => place[Symbol.dispose]());

const GATE = '10.97.0.1';
const PEER = '10.97.0.2';
const at = (name: string) => join(place.folder, name);
const keygen = (feature: string, name: string, ...more: string[]) =>
  place.json('keygen', feature, at(name), ...more);

/** Brings it up, and leaves it without a controller, which is enough for gates. */
async function stand(feature: string, text: string, ...args: string[]): Promise<void> {
  const path = place.file('gate.yaml', text);
  const up = await place.start(feature, '-i', 'in0', '-c', path, ...args, '--pin', ...place.pins);
  await up.end('SIGTERM');
}

function getsIn(feature: string, ...args: string[]): void {
  const { stdout, stderr } = place.asPeer('', 'client', feature, GATE, ...args, '--json');
  expect([stderr, JSON.parse(stdout)]).toMatchObject(['', { source: PEER, address: GATE }]);
}

/** Tells who is in, and what it counted. */
function tells(feature: string): void {
  expect(place.json('admitted', feature, ...place.pins)).toMatchObject([{ source: PEER, origin: 'proof' }]);
  expect(place.json('stats', feature, ...place.pins)).toHaveProperty('ANSWER_ADMITTED');
}

describe('a client gets in', () => {
  test('by work', async () => {
    await stand('pow', 'ports: [443]\ndifficulty: { min: 4, max: 4 }\n');
    getsIn('pow');
    expect(place.json('admitted', 'pow', ...place.pins)).toMatchObject([{ source: PEER, origin: 'proof' }]);
    expect(place.json('events', 'pow', '--count', '1', ...place.pins)).toMatchObject({
      type: 'admitted',
      source: PEER,
    });
    expect(place.json('revoke', 'pow', PEER, ...place.pins)).toMatchObject({ state: 'revoked' });
    expect(place.run('admitted', 'pow', ...place.pins).stdout).toBe('Nobody is admitted.');
    expect(place.run('revoke', 'pow', PEER, ...place.pins)).toMatchObject({ status: 1 });
  });

  test('by a knock', async () => {
    keygen('signed-auth', 'key');
    await stand(
      'signed-auth',
      'ports: [443]\naudience: shop\nkeys: [{ id: 1, key: { file: key.pub.pem } }]\n',
    );
    getsIn('signed-auth', '--key', at('key.pem'), '--id', '1', '--audience', 'shop');
  });

  test('by a proof of a key', async () => {
    keygen('zkp', 'key');
    await stand(
      'zkp',
      'ports: [443]\naudience: shop\nproof: { kind: schnorr, keys: [{ id: 1, key: { file: key.pub.pem } }], tableWidth: 4 }\n',
    );
    getsIn('zkp', '--key', at('key.pem'), '--id', '1', '--audience', 'shop');
    tells('zkp');
  });

  test('by a proof of a secret', async () => {
    keygen('zkp', 'key', '--kind', 'hash');
    await stand(
      'zkp-filter',
      'ports: [443]\naudience: shop\nproof: { kind: hash, keys: [{ id: 1, secret: { file: key.key } }] }\n',
    );
    getsIn('zkp', '--kind', 'hash', '--key', at('key.key'), '--id', '1', '--audience', 'shop');
  });

  test('by a certificate', async () => {
    using ca = new OpenSsl();
    const root = ca.root();
    const leaf = ca.issue('leaf', { extensions: leafExtensions('DNS:till.shop.example') }, root);
    const anchor = place.file('root.pem', root.certificate);
    await stand('pki', `ports: [443]\naudience: shop\nanchors: [${anchor}]\nnames: ["dns:.shop.example"]\n`);
    const files = [
      '--chain',
      place.file('leaf.pem', leaf.certificate),
      '--key',
      place.file('leaf.key', leaf.key),
    ];
    getsIn('pki', ...files, '--audience', 'shop');
    const certificate = (what: string) =>
      place.json('certificate', what, at('leaf.pem'), '-c', at('gate.yaml'), ...place.pins);
    expect(certificate('revoke')).toMatchObject({ state: 'changed' });
    const refused = () => place.asPeer('', 'client', 'pki', GATE, ...files, '--audience', 'shop').stderr;
    expect(refused()).toContain('DROP_CERT_REVOKED');
    expect(certificate('unrevoke')).toMatchObject({ state: 'changed' });
    expect(certificate('unrevoke')).toHaveProperty('error');
    const list = place.file('root.crl', readFileSync(ca.crl(root, [leaf]), 'utf8'));
    const crl = (what: string) => place.json('crl', what, list, '-c', at('gate.yaml'), ...place.pins);
    expect(crl('add')).toMatchObject({ applied: true });
    expect(refused()).toContain('DROP_CERT_REVOKED');
    expect(crl('remove')).toMatchObject({ applied: true });
    getsIn('pki', ...files, '--audience', 'shop');
  });
});

test('what is wrong with a client is said', async () => {
  expect(place.asPeer('', 'client', 'pow', GATE, '--timeout', '1')).toMatchObject({ status: 1 });
  const key = ['--key', place.file('no.pem', 'no key'), '--audience', 'shop', '--id', '1'];
  expect(place.asPeer('', 'client', 'zkp', GATE, ...key)).toMatchObject({
    status: 2,
    stderr: `cryptbpf: ${at('no.pem')} is no private key as PEM`,
  });
  expect(place.asPeer('', 'client', 'tunnel').stdout).toContain('run cryptbpf tunnel there');
});

test('a file is sent as content, and passes by its id', async () => {
  const bytes = Buffer.alloc(2000, 'x');
  place.file('some.bin', bytes.toString());
  await stand('cas', 'ports: [4430]\n');
  const sent = place.asPeer('', 'client', 'cas', GATE, '4430', at('some.bin'), '--json');
  expect(JSON.parse(sent.stdout)).toMatchObject({ size: 2000, packets: 4 });
  expect(place.json('stats', 'cas', ...place.pins)).toMatchObject({ PASS_CHUNK: { packets: 4 } });
  place.file('small.bin', 'hello');
  expect(place.asPeer('', 'client', 'cas', GATE, '4430', at('small.bin')).stdout).toBe(
    `${cidOf(Buffer.from('hello'))}`,
  );
});

test('operations are asked for', async () => {
  keygen('offload', 'client');
  const { publicKey } = { publicKey: keygen('signed-auth', 'verify') };
  expect(publicKey.public).toContain('BEGIN PUBLIC KEY');
  const text = `ports: [22310]\nclients: [{ id: 7, secret: { file: client.key } }]\nkeys:\n  1: { use: hmac, secret: ${Buffer.alloc(32, 1).toString('base64')} }\n  2: { use: verify, publicKey: { file: verify.pub.pem } }\n`;
  const up = await place.start(
    'crypto-offload',
    '-d',
    'in0',
    '-c',
    place.file('service.yaml', text),
    '--hw-available',
    ...place.pins,
  );
  const ask = (operation: string, ...more: string[]) =>
    place.asPeer(
      'data',
      'client',
      'offload',
      GATE,
      '22310',
      operation,
      '--id',
      '7',
      '--secret',
      at('client.key'),
      ...more,
    );
  expect(ask('sha256').stdout).toBe(createHash('sha256').update('data').digest('hex'));
  const key = createPrivateKey(readFileSync(at('verify.pem')));
  const signature = sign('sha256', Buffer.from('data'), { key, dsaEncoding: 'ieee-p1363' });
  expect(ask('verify', '--key', '2', '--signature', signature.toString('hex')).stdout).toBe('valid');
  signature[9]! ^= 1;
  expect(ask('verify', '--key', '2', '--signature', signature.toString('hex')).stdout).toBe('invalid');
  expect(ask('hmac')).toMatchObject({ status: 2 });
  expect((await up.end('SIGINT'))[0]).toBe(0);
  expect(await up.line()).toMatchObject({ feature: 'offload', state: 'ended', stands: false });
  expect(place.hasXdp).toBe(false);
});

test('keys are made for their owner alone, and not written over', () => {
  for (const [feature, secret, ...more] of [
    ['pow', 'some.key'],
    ['tunnel', 'some.key', 'some.pub'],
    ['logger', 'some.pem', 'some.pub.pem'],
  ]) {
    expect(keygen(feature!, 'some', '--force').files).toEqual([secret!, ...more].map(at));
    expect(statSync(at(secret!)).mode & 0o777).toBe(0o600);
  }
  const before = readFileSync(at('some.pem'), 'utf8');
  expect(place.run('keygen', 'logger', at('some'))).toMatchObject({
    status: 1,
    stderr: `cryptbpf: ${at('some.pem')} is there already: --force writes over it`,
  });
  expect(readFileSync(at('some.pem'), 'utf8')).toBe(before);
  expect(existsSync(at('some.pem.new'))).toBe(false);
});
