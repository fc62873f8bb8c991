/*
 * attach.mjs FEATURE esm|cjs [PIN_PATH]: what is installed beside this file comes up in this network namespace, on cb0, is
 * asked for its numbers, and goes.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [feature, modules, pinPath] = process.argv.slice(2);
const load = modules === 'cjs' ? createRequire(import.meta.url) : (specifier) => import(specifier);
const name = `attach-${process.pid}`;
const shared = {
  interface: 'cb0',
  ports: [65_000],
  name,
  mode: 'generic',
  ...(pinPath ? { pinPath } : { pin: false }),
};
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = key.publicKey.export({ format: 'pem', type: 'spki' });
const directory = mkdtempSync(join(tmpdir(), 'cryptbpf-attach-'));

const ATTACH = {
  async pow() {
    const { PowGate } = await load('@cryptbpf/pow');
    return PowGate.attach(shared);
  },
  async 'signed-auth'() {
    const { SignedAuth } = await load('@cryptbpf/signed-auth');
    const ports = [{ port: 65_000, protocol: 'udp' }];
    return SignedAuth.attach({ ...shared, ports, audience: 'test', keys: [{ id: 1, key: pem }] });
  },
  async zkp() {
    const { ZkpFilter } = await load('@cryptbpf/zkp');
    const { mode: _, ...options } = shared;
    return ZkpFilter.attach({
      ...options,
      audience: 'test',
      proof: { kind: 'schnorr', keys: [{ id: 1, key: pem }] },
    });
  },
  async pki() {
    const { PkiValidator } = await load('@cryptbpf/pki');
    const { mode: _, ...options } = shared;
    return PkiValidator.attach({
      ...options,
      audience: 'test',
      names: 'any',
      anchors: [process.env.ANCHOR],
      requireCrl: false,
    });
  },
  async cas() {
    const { ContentVerifier } = await load('@cryptbpf/cas');
    return ContentVerifier.attach(shared);
  },
  async offload() {
    const { OffloadManager } = await load('@cryptbpf/offload');
    const clients = [{ id: 7, secret: randomBytes(32) }];
    return OffloadManager.attach({
      ...shared,
      clients,
      keys: { 1: { use: 'hmac', secret: randomBytes(32) } },
    });
  },
  async tunnel() {
    const { generatePrivateKey, Tunnel } = await load('@cryptbpf/tunnel');
    const tunnel = await Tunnel.up({
      name: 'cb1',
      address: ['10.7.0.1/24'],
      listenPort: 51_820,
      privateKey: generatePrivateKey(),
      peers: [],
    });
    return { stats: () => tunnel.stats(), detach: () => tunnel.down() };
  },
  async logger() {
    const { AuditLogger } = await load('@cryptbpf/logger');
    return AuditLogger.attach({ recipient: pem, directory, ...(pinPath && { pin: `${pinPath}/${name}` }) });
  },
};

const controller = await ATTACH[feature]();
const stats = controller.stats();
await controller.detach();
rmSync(directory, { recursive: true, force: true });
console.log(`${feature} was up, with ${Object.keys(stats).length} numbers`);
