import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { unlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Issued } from '../support/openssl.js';
import { CLIENT, Lab, PORT, type Presented, packets, SERVER, WAIT_MS } from './lab.js';

/* Who was let in goes out again: by a list, by a change of whom the operator trusts, and when nobody can tell any more. */

const FLOW = fileURLToPath(new URL('flow.mjs', import.meta.url));

let lab: Lab;
let root: Issued;
let leaf: Issued;
let present: (holder: Issued, above?: readonly Issued[]) => Promise<Presented>;
const flows: ChildProcess[] = [];

beforeAll(async () => {
  lab = await Lab.create();
  const presenter = await lab.presenter();
  present = (holder, above = []) =>
    presenter({
      chain: [holder, ...above].map(({ certificate }) => certificate).join('\n'),
      key: holder.key,
    });
});
afterAll(() => lab[Symbol.dispose]());
beforeEach(() => {
  root = lab.ssl.root();
  leaf = lab.ssl.leaf(root);
});
afterEach(() => {
  lab.closeGates();
  for (const flow of flows.splice(0)) flow.kill();
});

/** A TCP connection over which a word comes back every 20 ms. echoed(): when the last one did. */
async function openFlow() {
  const child = await lab.spawn(lab.client, [FLOW, SERVER.ipv4, String(PORT)], 'open');
  flows.push(child);
  let last = performance.now();
  child.stdout!.on('data', () => {
    last = performance.now();
  });
  await once(child.stdout!, 'data', { signal: AbortSignal.timeout(5 * WAIT_MS) });
  return { echoed: () => last };
}

/** Milliseconds from start on until nothing came back for half a second; Infinity: that did not happen for long. */
async function cutAfter(flow: { echoed(): number }, start: number): Promise<number> {
  const end = start + 5 * WAIT_MS;
  while (performance.now() - flow.echoed() < 500) {
    if (performance.now() > end) return Number.POSITIVE_INFINITY;
    await sleep(20);
  }
  return flow.echoed() - start;
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10 * WAIT_MS; !(await isSo()); await sleep(50))
    if (Date.now() > end) throw new Error('it did not come about');
}

test('a revocation list that changes cuts an established TCP connection within a second', async () => {
  const crl = lab.ssl.crl(root, []);
  const gate = await lab.attach({ anchors: [root.certificate], crls: [crl] });
  expect(await present(leaf)).toMatchObject({ lifetime: 3600 });
  const flow = await openFlow();
  lab.ssl.crl(root, [leaf]);
  expect(await cutAfter(flow, performance.now())).toBeLessThan(1000);
  expect(packets(gate, 'DROP_CERT_REVOKED')).toBeGreaterThan(0);
  expect(await present(leaf)).toMatchObject({ reason: 'DROP_CERT_REVOKED' });
  lab.ssl.crl(root, []);
  await until(() => gate.authorities()[0]!.revoked === 0);
  expect(await present(leaf)).toMatchObject({ lifetime: 3600 });
  gate.detach();
});

test('a certificate that the operator revokes is out at once, whatever lists say, until he takes it back', async () => {
  const crl = lab.ssl.crl(root, []);
  const options = { anchors: [root.certificate], crls: [crl] };
  const gate = await lab.attach(options);
  expect(await present(leaf)).toMatchObject({ lifetime: 3600 });
  const flow = await openFlow();
  const { certificate } = gate.admitted()[0]!;
  gate.revokeCertificate(certificate!);
  expect(await cutAfter(flow, performance.now())).toBeLessThan(1000);
  expect(packets(gate, 'DROP_CERT_REVOKED')).toBeGreaterThan(0);
  expect(await present(leaf)).toMatchObject({ reason: 'DROP_CERT_REVOKED' });
  await gate.reload();
  gate.close();

  const next = await lab.attach(options);
  expect(await present(leaf)).toMatchObject({ reason: 'DROP_CERT_REVOKED' });
  lab.ssl.crl(root, [leaf]);
  await next.reload();
  expect(next.unrevokeCertificate(leaf.certificate)).toBe(true);
  expect(next.unrevokeCertificate(leaf.certificate)).toBe(false);
  expect(await present(leaf)).toMatchObject({ reason: 'DROP_CERT_REVOKED' });
  lab.ssl.crl(root, []);
  await next.reload();
  expect(await present(leaf)).toMatchObject({ lifetime: 3600 });
  next.detach();
});

test('a certificate is revoked by the operator where nobody has lists, and a CA is not', async () => {
  const intermediate = lab.ssl.intermediate(root);
  const below = lab.ssl.leaf(intermediate, 'below');
  const gate = await lab.attach({ anchors: [root.certificate] });
  expect(await present(below, [intermediate])).toMatchObject({ lifetime: 3600 });
  expect(() => gate.revokeCertificate(below.certificate)).toThrow(
    expect.objectContaining({
      code: 'ERR_NOT_FOUND',
      message: expect.stringMatching(/revoke the CA above it/),
    }),
  );
  gate.revokeCertificate(intermediate.certificate);
  expect(lab.connect()).toBe('timeout');
  expect(await present(below, [intermediate])).toMatchObject({ reason: 'DROP_CERT_REVOKED' });
  expect(await present(leaf)).toMatchObject({ lifetime: 3600 });
  expect(() => gate.revokeCertificate(root.certificate)).toThrow(/is a CA that the gate trusts/);
  expect(() => gate.revokeCertificate({ authority: 'O=Test, CN=root', serial: 'x' })).toThrow(
    /serial is "x"/,
  );
  gate.detach();
});

test('a key that the operator revokes cuts who was admitted with it, and the next controller remembers', async () => {
  const gate = await lab.attach({ anchors: [root.certificate] });
  expect(await present(leaf)).toMatchObject({ lifetime: 3600 });
  const flow = await openFlow();
  const { subjectKeyId } = gate.admitted()[0]!.certificate!;
  gate.revokeCertificate({ subjectKeyId: subjectKeyId! });
  expect(await cutAfter(flow, performance.now())).toBeLessThan(1000);
  gate.close();
  const next = await lab.attach({ anchors: [root.certificate] });
  expect(await present(leaf)).toMatchObject({ reason: 'DROP_CERT_REVOKED' });
  expect(next.unrevokeCertificate({ subjectKeyId: subjectKeyId! })).toBe(true);
  expect(lab.connect()).toBe('open');
  next.detach();
});

test('a list of a CA that is no authority is refused', async () => {
  const stranger = lab.ssl.root('stranger');
  const crls = [lab.ssl.crl(stranger, [])];
  await expect(lab.attach({ anchors: [root.certificate], crls })).rejects.toMatchObject({
    code: 'ERR_BAD_VALUE',
    message: expect.stringMatching(/list of "O=Test, CN=stranger" is signed by none/),
  });
});

test('a list that is gone or broken leaves the one before it in force, and the operator is told', async () => {
  const errors: string[] = [];
  const crl = lab.ssl.crl(root, [leaf]);
  const onError = ({ message }: Error) => errors.push(message);
  const gate = await lab.attach({ anchors: [root.certificate], crls: [crl], onError });
  unlinkSync(crl);
  await until(() => errors.length > 0);
  expect(errors).toEqual([expect.stringContaining('cannot be read')]);
  expect(await present(leaf)).toMatchObject({ reason: 'DROP_CERT_REVOKED' });
  gate.detach();
});

test('a list that grows stale stops who was admitted, and refuses who comes', async () => {
  const crl = lab.ssl.crl(root, []);
  const gate = await lab.attach({ anchors: [root.certificate], crls: [crl] });
  expect(await present(leaf)).toMatchObject({ lifetime: 3600 });
  const flow = await openFlow();
  const start = performance.now();
  lab.ssl.crl(root, [], { days: 3 / 86_400 });
  await gate.reload();
  expect(await cutAfter(flow, start)).toBeLessThan(6000);
  expect(packets(gate, 'DROP_CRL_STALE')).toBeGreaterThan(0);
  expect(await present(leaf)).toMatchObject({ reason: 'DROP_CRL_STALE' });
  gate.detach();
});

test('an authority that is withdrawn takes with it whom it let in, and one that overlaps does not', async () => {
  const next = lab.ssl.root('next');
  const gate = await lab.attach({ anchors: [root.certificate] });
  await present(leaf);
  await gate.update({ anchors: [root.certificate, next.certificate] });
  expect(lab.connect()).toBe('open');
  await gate.update({ anchors: [next.certificate] });
  expect(lab.connect()).toBe('timeout');
  expect(packets(gate, 'DROP_AUTHORITY_GONE')).toBeGreaterThan(0);
  expect(await present(lab.ssl.leaf(next, 'renewed'))).toMatchObject({ lifetime: 3600 });
  gate.detach();
});

test('a rule that is withdrawn ends what it let in', async () => {
  const gate = await lab.attach({
    anchors: [root.certificate],
    names: ['dns:.clients.example', 'dns:other.example'],
  });
  await present(leaf);
  await gate.update({ names: ['dns:.clients.example', 'dns:other.example', 'dns:more.example'] });
  expect(lab.connect()).toBe('open');
  await gate.update({ names: ['dns:other.example'] });
  expect(lab.connect()).toBe('timeout');
  expect(await present(leaf)).toMatchObject({ reason: 'DROP_CERT_NO_MATCH' });
  gate.detach();
});

test('nothing passes when the controller is dead and the clock has gone stale', async () => {
  const options = JSON.stringify(lab.options({ anchors: [root.certificate], clockHorizon: 2 }));
  const script = fileURLToPath(new URL('controller.mjs', import.meta.url));
  const controller = await lab.spawn(lab.server, [script, options], 'attached');
  await until(async () => (await present(leaf)).source === CLIENT.ipv4); // on a busy machine, the clock can be stale now and then
  const flow = await openFlow();
  const died = once(controller, 'exit');
  controller.kill('SIGKILL');
  await died;
  expect(await cutAfter(flow, performance.now())).toBeLessThan(2500);
  expect(await present(leaf)).toMatchObject({ code: 'ERR_PKI_TIMEOUT' });
  const gate = await lab.attach({ anchors: [root.certificate] }); // what waits for a client keeps no clock fresh
  expect(packets(gate, 'DROP_CLOCK_STALE')).toBeGreaterThan(0);
  expect(lab.connect()).toBe('open');
  gate.detach();
});
