import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Holder } from '../../src/client.js';
import type { PkiValidator } from '../../src/index.js';
import type { Issued } from '../support/openssl.js';
import { AUDIENCE, CLIENT, Lab, packets, SERVER } from './lab.js';

/* Chains that the openssl command issued, through a gate on a veth. */

let lab: Lab;
let gate: PkiValidator;
let root: Issued;
let intermediate: Issued;

beforeAll(async () => {
  lab = await Lab.create();
  root = lab.ssl.root();
  intermediate = lab.ssl.intermediate(root);
  const names = ['dns:.clients.example', 'spiffe://trust.example/ns/'];
  gate = await lab.attach({ anchors: [root.certificate], names });
});
afterAll(() => {
  gate.detach();
  lab[Symbol.dispose]();
});

test('a port is closed until a chain is presented, and open then, over TCP and UDP', () => {
  expect(lab.connect()).toBe('timeout');
  const answer = lab.present(lab.ssl.leaf(intermediate), [intermediate]);
  expect(answer).toMatchObject({ source: CLIENT.ipv4, lifetime: 3600 });
  expect([lab.connect(), lab.datagram()]).toEqual(['open', 'open']);
  expect(packets(gate, 'ANSWER_ADMITTED')).toBe(1);
  const certificate = { authority: 'O=Test, CN=root', name: 'leaf.clients.example' };
  expect(gate.admitted()).toMatchObject([{ source: CLIENT.ipv4, certificate }]);
});

test('a SPIFFE identity opens it over IPv6', () => {
  expect(lab.connect(SERVER.ipv6)).toBe('timeout');
  const workload = lab.ssl.leaf(intermediate, 'workload', 'URI:spiffe://trust.example/ns/prod/sa/web');
  expect(lab.present(workload, [intermediate], SERVER.ipv6)).toMatchObject({ source: CLIENT.ipv6 });
  expect([lab.connect(SERVER.ipv6), lab.datagram(SERVER.ipv6)]).toEqual(['open', 'open']);
});

test('a chain of four certificates takes a receipt on its way', () => {
  gate.revoke(CLIENT.ipv4);
  const second = lab.ssl.intermediate(intermediate, 'second');
  const third = lab.ssl.intermediate(second, 'third');
  const deep = lab.ssl.leaf(third, 'deep');
  expect(lab.present(deep, [third, second, intermediate])).toMatchObject({ lifetime: 3600 });
  expect(packets(gate, 'ANSWER_RECEIPT')).toBeGreaterThan(0);
});

test('a leaf alone is refused, and let in once the gate knows its issuer', async () => {
  gate.revoke(CLIENT.ipv4);
  const alone = lab.ssl.leaf(intermediate, 'alone');
  expect(lab.present(alone)).toMatchObject({ code: 'ERR_PKI_REJECTED', reason: 'DROP_CERT_UNTRUSTED' });
  await gate.update({ intermediates: [intermediate.certificate] });
  expect(lab.present(alone)).toMatchObject({ lifetime: 3600 });
});

test('whoever has the certificate but not the key stays out', () => {
  const victim = lab.ssl.leaf(intermediate, 'victim');
  const thief = { ...lab.ssl.leaf(intermediate, 'thief'), certificate: victim.certificate };
  expect(lab.present(thief, [intermediate])).toMatchObject({ reason: 'DROP_PROOF' });
});

test('a signature for another service is none here', () => {
  const leaf = lab.ssl.leaf(intermediate, 'elsewhere');
  const answer = lab.present(leaf, [intermediate], SERVER.ipv4, { audience: 'other.example' });
  expect(answer).toMatchObject({ reason: 'DROP_PROOF' });
});

test('an admission ends with its certificate', () => {
  gate.revoke(CLIENT.ipv4);
  const ends = new X509Certificate(lab.ssl.leaf(intermediate, 'long').der);
  expect(Date.parse(ends.validTo)).toBeGreaterThan(Date.now() + 3_600_000);
  const short = lab.ssl.issueUntil(intermediate, 'short', 60);
  const { lifetime } = lab.present(short, [intermediate]);
  expect(lifetime).toBeGreaterThan(0);
  expect(lifetime).toBeLessThanOrEqual(61);
});

test('a client that speaks HTTP hands its chain in through the controller', async () => {
  const { certificate, key } = lab.ssl.leaf(intermediate, 'browser');
  const chain = certificate + intermediate.certificate;
  const holder = await Holder.create({ chain, key, audience: AUDIENCE });
  const challenge = gate.challengeFor('198.51.100.7');
  const presented = await holder.present(challenge, '198.51.100.7');
  expect(gate.admit('198.51.100.8', challenge, presented).reason).toBe('DROP_TAG');
  expect(gate.admit('198.51.100.7', challenge, presented)).toMatchObject({ admitted: true });
  expect(gate.admit('198.51.100.7', challenge, presented).reason).toBe('DROP_SPENT');
});
