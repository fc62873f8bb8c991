import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installed } from '../packages.js';
import { certify } from './certificates.js';
import { cli, HOST } from './places.js';

/* What each feature stands against: how it is attached, what an honest peer does, and what a hostile one sends. */

const PORT = 4430;

export interface Hostile {
  readonly kind: string;
  /** Of the flood, to be added up to 1. */
  readonly share: number;
  readonly port: number;
  /** undefined: a TCP SYN. */
  readonly payload?: Uint8Array;
}

export interface Scenario {
  /** Where it looks at packets: those of xdp take what XDP sends, for tc another program has to. */
  readonly hook: 'xdp' | 'tc';
  /** YAML. */
  readonly config: string;
  /** What runs at the honest peer all the time, as `cryptbpf …`. */
  readonly beside?: readonly string[];
  /** What the honest peer does each time, as `node …`; cryptbpf is the first of it, and its stdin. */
  readonly honest: readonly string[];
  readonly input?: string;
  readonly hostile: readonly Hostile[];
  /** A datagram that is good once, made when the feature is up, to be sent again and again. */
  readonly replay?: { readonly port: number; make(): Promise<Uint8Array> };
}

type Make = (folder: string) => Promise<Scenario>;

const MESSAGE = 64;

/** 64 bytes to a gate's control port: a hello, or a proof that is none. */
function message(magic: number, type: number): Uint8Array {
  const bytes = Buffer.alloc(MESSAGE);
  bytes.writeUInt32BE(magic, 0);
  bytes[4] = 1;
  bytes[5] = type;
  if (type !== 1) randomBytes(MESSAGE - 16).copy(bytes, 16);
  return bytes;
}

function againstGate(magic: number, controlPort: number, proofType: number): Hostile[] {
  return [
    { kind: 'spoofed SYN', share: 0.4, port: PORT },
    { kind: 'spoofed UDP', share: 0.2, port: PORT, payload: randomBytes(32) },
    { kind: 'spoofed hello', share: 0.2, port: controlPort, payload: message(magic, 1) },
    { kind: 'malformed', share: 0.2, port: controlPort, payload: message(magic, proofType) },
  ];
}

/** Random bytes, and such that begin rightly. */
function againstPort(magic: number): Hostile[] {
  const begun = Buffer.from(randomBytes(48));
  begun.writeUInt32BE(magic, 0);
  begun[4] = 1;
  begun[5] = 1;
  return [
    { kind: 'spoofed SYN', share: 0.1, port: PORT },
    { kind: 'spoofed UDP', share: 0.4, port: PORT, payload: randomBytes(32) },
    { kind: 'malformed', share: 0.5, port: PORT, payload: begun },
  ];
}

function keyFile(folder: string): string {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(join(folder, 'key.pub.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  const path = join(folder, 'key.pem');
  writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return path;
}

function secretFile(folder: string): { path: string; secret: Uint8Array } {
  const secret = new Uint8Array(randomBytes(32));
  const path = join(folder, 'secret.key');
  writeFileSync(path, Buffer.from(secret).toString('base64'), { mode: 0o600 });
  return { path, secret };
}

const client = (feature: string, ...args: string[]) => [cli, 'client', feature, HOST, ...args];

const pow: Make = async () => ({
  hook: 'xdp',
  config: `ports: [${PORT}]\ndifficulty: { min: 8, max: 12 }\n`,
  honest: client('pow'),
  hostile: againstGate(0x504f5721, 22305, 3),
});

const signedAuth: Make = async (folder) => {
  const key = keyFile(folder);
  const { createSigner } = await installed('signed-auth', () => import('@cryptbpf/signed-auth/udp'));
  const signer = createSigner(readFileSync(key, 'utf8'), { audience: 'traffic', keyId: 1 });
  return {
    hook: 'xdp',
    config: `ports: [{ port: ${PORT}, protocol: udp }]\naudience: traffic\nkeys: [{ id: 1, key: { file: key.pub.pem } }]\n`,
    honest: client('signed-auth', '--key', key, '--id', '1', '--audience', 'traffic'),
    hostile: againstPort(0x5147beef),
    replay: { port: PORT, make: () => signer.sign(Buffer.from('good once')) },
  };
};

const zkp: Make = async (folder) => {
  const { path } = secretFile(folder);
  return {
    hook: 'tc',
    config: `ports: [${PORT}]\naudience: traffic\nproof: { kind: hash, keys: [{ id: 1, secret: { file: secret.key } }] }\n`,
    honest: client('zkp', '--kind', 'hash', '--key', path, '--id', '1', '--audience', 'traffic'),
    hostile: againstGate(0x5a4b5021, 22307, 3),
  };
};

const pki: Make = async (folder) => {
  certify(folder);
  const at = (name: string) => join(folder, name);
  const holder = ['--chain', at('honest.pem'), '--key', at('honest.key'), '--audience', 'traffic'];
  return {
    hook: 'tc',
    config: `ports: [${PORT}]\naudience: traffic\nanchors: [${at('root.pem')}]\nnames: [dns:.traffic.example]\nrequireCrl: false\n`,
    honest: client('pki', ...holder),
    hostile: againstGate(0x504b4921, 22308, 3),
  };
};

/** Of both ends, whose keys know each other; the peer's goes into the folder. */
const tunnel: Make = async (folder) => {
  const { generatePrivateKey, publicKeyOf } = await installed('tunnel', () => import('@cryptbpf/tunnel'));
  const [own, other] = [generatePrivateKey(), generatePrivateKey()];
  const end = (privateKey: string, address: string, peer: string, more: string) =>
    `privateKey: ${privateKey}\naddress: [${address}/24]\nlistenPort: ${PORT}\npeers: [{ publicKey: ${peer}${more} }]\n`;
  const path = join(folder, 'peer.yaml');
  const toHost = `, allowedIPs: [${INSIDE.host}/32], endpoint: "${HOST}:${PORT}"`;
  writeFileSync(path, end(other, INSIDE.peer, publicKeyOf(own), toHost), { mode: 0o600 });
  return {
    hook: 'tc',
    config: end(own, INSIDE.host, publicKeyOf(other), `, allowedIPs: [${INSIDE.peer}/32]`),
    beside: ['tunnel', '-c', path, '--name', 'cb1', '-i', 'in1', '--json'],
    honest: ['-e', CONNECTS],
    hostile: [
      { kind: 'random bytes', share: 0.4, port: PORT, payload: randomBytes(64) },
      { kind: 'data of no session', share: 0.3, port: PORT, payload: begun(4) },
      { kind: 'cut handshakes', share: 0.3, port: PORT, payload: begun(1) },
    ],
  };
};

const INSIDE = { host: '10.99.0.1', peer: '10.99.0.2' };
/** Nothing listens there: who reaches the host through the tunnel is told so by it. */
const CONNECTS = `require('net').connect({ port: 9, host: '${INSIDE.host}', timeout: 5000 })
  .on('error', ({ code }) => process.exit(code === 'ECONNREFUSED' ? 0 : 1)).on('timeout', () => process.exit(1));`;

/** As a message of WireGuard begins. */
function begun(type: number): Uint8Array {
  const bytes = randomBytes(64);
  bytes.writeUInt32LE(type, 0);
  return bytes;
}

const cas: Make = async (folder) => {
  const path = join(folder, 'content');
  writeFileSync(path, 'what it says it is');
  return {
    hook: 'xdp',
    config: `ports: [${PORT}]\n`,
    honest: client('cas', `${PORT}`, path),
    hostile: againstPort(0xca5ca5ca),
  };
};

const offload: Make = async (folder) => {
  const { path, secret } = secretFile(folder);
  const { OffloadClient } = await installed('offload', () => import('@cryptbpf/offload/client'));
  return {
    hook: 'xdp',
    config: `ports: [${PORT}]\nclients: [{ id: 7, secret: { file: secret.key } }, { id: 8, secret: { file: secret.key } }]\n`,
    honest: client('offload', `${PORT}`, 'sha256', '--id', '7', '--secret', path),
    input: 'data',
    hostile: againstPort(0x0ff10ad0),
    replay: {
      port: PORT,
      async make() {
        let packet = new Uint8Array(0);
        using client = new OffloadClient({
          id: 8,
          secret,
          send: (bytes) => (packet = bytes.slice()),
          timeout: 1,
        });
        await client.sha256(Buffer.from('good once')).catch(() => {});
        return packet;
      },
    },
  };
};

export const SCENARIOS: Readonly<Record<string, Make>> = {
  pow,
  'signed-auth': signedAuth,
  zkp,
  pki,
  cas,
  offload,
  tunnel,
};
