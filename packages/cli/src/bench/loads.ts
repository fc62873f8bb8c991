import { createHash, createHmac, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import type { ReasonName } from '@cryptbpf/core';
import { installed } from '../packages.js';
import type { Peer } from './peer.js';

/* What is measured of each feature: packets that its own client makes, each good once. */

export interface Load {
  readonly packet: string;
  /** What the feature says of each. */
  readonly reason: ReasonName;
  /** What node:crypto would have to do for one, at least; undefined: there is nothing to compare. */
  readonly inNode?: { readonly what: string; readonly once: () => unknown };
  /** At the peer. Resolves to what makes so many, and then sends them. */
  readonly open: (peer: Peer) => Promise<Maker>;
}

/** Resolves to what sends them. */
export type Maker = (count: number) => Promise<() => Promise<void>>;

/** Options beside those of `cryptbpf traffic`: no limits, which are not what is measured. */
export interface Bench {
  readonly options: string;
  readonly loads: readonly Load[];
}

const PORT = 4430;
const LARGE = 1356;
const UNLIMITED = '{ perSecond: 1000000, burst: 1000000 }';
const limits = (...names: string[]) => names.map((name) => `${name}: ${UNLIMITED}\n`).join('');

const data = randomBytes(LARGE);
const key = randomBytes(32);
const sha256 = (bytes: number) => createHash('sha256').update(data.subarray(0, bytes)).digest();
const hmac = (bytes: number) => createHmac('sha256', key).update(data.subarray(0, bytes)).digest();

function ecdsa() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signature = sign('sha256', data, privateKey);
  return () => verify('sha256', data, publicKey, signature);
}

/** Datagrams to one port, made one after another. */
const datagrams =
  (peer: Peer, port: number, make: (i: number) => Promise<Uint8Array> | Uint8Array): Maker =>
  async (count) => {
    const made: Uint8Array[] = [];
    for (let i = 0; i < count; i++) made.push(await make(i));
    return async () => {
      for (const each of made) await peer.send(each, port);
    };
  };

const stranger: Load = {
  packet: 'a stranger',
  reason: 'DROP_NOT_ADMITTED',
  open: async (peer) => datagrams(peer, PORT, () => randomBytes(32)),
};

const solution: Load = {
  packet: 'solution',
  reason: 'ANSWER_ADMITTED',
  inNode: { what: 'HMAC and SHA-256', once: () => [hmac(64), sha256(40)] },
  async open(peer) {
    const client = await installed('pow', () => import('@cryptbpf/pow/client'));
    return datagrams(peer, client.DEFAULT_PORT, async () => {
      const answer = await peer.ask(client.encodeHello(randomBytes(8)), client.DEFAULT_PORT);
      const { challenge } = client.decodeChallenge(answer);
      const { nonce } = await client.solve(challenge, { workers: 0 });
      return client.encodeSolution(randomBytes(8), challenge, nonce);
    });
  },
};

const hashProof: Load = {
  packet: 'proof of a secret',
  reason: 'ANSWER_ADMITTED',
  inNode: { what: 'HMAC, twice', once: () => [hmac(64), hmac(112)] },
  async open(peer) {
    const client = await installed('zkp', () => import('@cryptbpf/zkp/client'));
    const secret = new Uint8Array(Buffer.from(peer.file('secret.key'), 'base64'));
    const prover = client.createHashProver({ audience: 'traffic', keyId: 1, secret });
    const messages = client.messagesOf('hash');
    return datagrams(peer, client.DEFAULT_PORT, async () => {
      const answer = await peer.ask(messages.encodeHello(randomBytes(8)), client.DEFAULT_PORT);
      const { challenge, source } = messages.decodeChallenge(answer);
      return messages.encodeProof(randomBytes(8), challenge, prover.prove(challenge, source));
    });
  },
};

async function signer(peer: Peer) {
  const udp = await installed('signed-auth', () => import('@cryptbpf/signed-auth/udp'));
  return { udp, signer: udp.createSigner(peer.file('key.pem'), { audience: 'traffic', keyId: 1 }) };
}

const unsigned: Load = {
  packet: 'unsigned',
  reason: 'DROP_UNSIGNED',
  open: async (peer) => datagrams(peer, PORT, () => randomBytes(64)),
};

const signed: Load = {
  packet: 'signed, 64 bytes',
  reason: 'PASS_SIGNED',
  inNode: { what: 'ECDSA P-256', once: ecdsa() },
  async open(peer) {
    const { signer: by } = await signer(peer);
    return datagrams(peer, PORT, () => by.sign(data.subarray(0, 64)));
  },
};

const content: Load = {
  packet: `content, ${LARGE} bytes`,
  reason: 'PASS_CONTENT',
  inNode: { what: 'SHA-256', once: () => sha256(LARGE) },
  async open(peer) {
    const { contentOf } = await installed('cas', () => import('@cryptbpf/cas/client'));
    return datagrams(peer, PORT, async () => {
      const whole = await contentOf(randomBytes(LARGE));
      for await (const packet of whole.packets()) return packet;
      throw new Error('there is no packet of it');
    });
  },
};

const request: Load = {
  packet: 'request, SHA-256 of 256 bytes',
  reason: 'ANSWER_RESULT',
  inNode: { what: 'HMAC, twice, and SHA-256', once: () => [hmac(288), sha256(256), hmac(288)] },
  async open(peer) {
    const { OffloadClient } = await installed('offload', () => import('@cryptbpf/offload/client'));
    const secret = new Uint8Array(Buffer.from(peer.file('secret.key'), 'base64'));
    let packet = new Uint8Array(0);
    const send = (bytes: Uint8Array) => {
      packet = bytes.slice();
    };
    const client = new OffloadClient({ id: 7, secret, send, timeout: 1 });
    return datagrams(peer, PORT, async () => {
      await client.sha256(data.subarray(0, 256)).catch(() => {}); // what comes back is not read
      return packet;
    });
  },
};

/* A stranger is one until he has proved something. */
export const BENCHES: Readonly<Record<string, Bench>> = {
  pow: { options: limits('answerRate', 'eventRate'), loads: [stranger, solution] },
  'signed-auth': {
    options: limits('sourceBudget', 'keyBudget', 'curveBudget'),
    loads: [signed, unsigned],
  },
  zkp: { options: limits('answerRate', 'sourceBudget', 'curveBudget'), loads: [stranger, hashProof] },
  cas: { options: '', loads: [content] },
  offload: { options: 'policy: bpf\n', loads: [request] },
};
