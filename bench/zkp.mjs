import { createHmac, generateKeyPairSync, randomBytes, sign, timingSafeEqual, verify } from 'node:crypto';
import { openObject } from '@cryptbpf/core';
import { ZkpFilter } from '@cryptbpf/zkp';
import {
  createHashProver,
  createRingProver,
  createSchnorrProver,
  generateKey,
  messagesOf,
} from '@cryptbpf/zkp/client';
import { pinToCore, unpin } from './lib/pin.mjs';
import { timeRow } from './lib/rows.mjs';
import { takeTurns } from './lib/samples.mjs';
import { controlFrame, strangerFrame } from './zkp/frames.mjs';

/*
 * Proofs at TC, in nanoseconds for one that is wrong in its last bits: all that a right one takes, but for the admission, and
 * it can be judged again and again. Beside it what node:crypto takes for the same statement.
 */

const AUDIENCE = 'bench.example';
const PEER = '198.51.100.7';
const PORT = 65_000;
const CONTROL_PORT = 65_001;
const PLENTY = { perSecond: 1e9, burst: 1e9 };
const MEMBERS = 16;
/** Of a message as long as what a proof is about. */
const STATEMENT = randomBytes(180);

const OPTIONS = {
  interface: 'lo',
  ports: [PORT],
  controlPort: CONTROL_PORT,
  audience: AUDIENCE,
  pin: false,
  challengeLifetime: 3600,
  epoch: 7300,
  /* Enough for a challenge; then refusals are silent, and the packet stays as it is. */
  answerRate: { perSecond: 0.001, burst: 1 },
  sourceBudget: PLENTY,
  curveBudget: PLENTY,
};

const ECDSA = 'node:crypto, ECDSA P-256 verify';

export async function benchZkp({ progress, budgetMs = 8000 }) {
  pinToCore();
  try {
    const rows = [];
    for (const [name, measure] of Object.entries(MEASURES)) {
      progress(`zkp/${name}`);
      rows.push(await measure(`zkp/${name}`, budgetMs));
    }
    return rows;
  } finally {
    unpin();
  }
}

const MEASURES = {
  hash: async (name, budgetMs) => {
    const secret = randomBytes(32);
    const proof = { kind: 'hash', keys: [{ id: 1, secret }] };
    const prover = createHashProver({ audience: AUDIENCE, keyId: 1, secret });
    const ours = await falseProofs(proof, () => prover, 4096);
    const mac = hmac(secret);
    const node = () => times(256, 64, () => timingSafeEqual(hmac(secret), mac));
    return row(name, ours, { name: 'node:crypto, HMAC-SHA-256 verify', side: node }, budgetMs, {
      goal: { value: 2000 },
    });
  },
  schnorr: async (name, budgetMs) => {
    const { secretKey, publicKey } = generateKey();
    const proof = { kind: 'schnorr', keys: [{ id: 1, key: publicKey }] };
    const prover = createSchnorrProver({ audience: AUDIENCE, keyId: 1, key: secretKey });
    const ours = await falseProofs(proof, () => prover, 256);
    return row(name, ours, { name: ECDSA, side: ecdsa(1) }, budgetMs, { goal: { ratio: 2 } });
  },
  'ring-16': async (name, budgetMs) => {
    const pairs = Array.from({ length: MEMBERS }, generateKey);
    const groups = [{ id: 1, members: pairs.map(({ publicKey }) => publicKey) }];
    const ours = await falseProofs({ kind: 'ring', groups }, ring(pairs[0]), 16);
    return row(name, ours, { name: `${MEMBERS} times ${ECDSA}`, side: ecdsa(MEMBERS) }, budgetMs);
  },
  'ring-16-limit': async (name, budgetMs) => {
    const pairs = Array.from({ length: MEMBERS }, generateKey);
    const groups = [{ id: 1, limit: 10, members: pairs.map(({ publicKey }) => publicKey) }];
    const ours = await falseProofs({ kind: 'ring', groups }, ring(pairs[0]), 4);
    return row(name, ours, { name: `${MEMBERS} times ${ECDSA}`, side: ecdsa(MEMBERS) }, budgetMs);
  },
  drop: async (name, budgetMs) => {
    const filter = await ZkpFilter.attach({ ...OPTIONS, proof: { kind: 'ring', groups: [] } });
    const witness = openObject(new URL('../build/bpf/witness.bpf.o', import.meta.url)).load();
    const data = strangerFrame(PEER, PORT);
    const run = (program) => () =>
      Array.from({ length: 32 }, () => program.testRun({ data, repeat: 4096 }).durationNs);
    const ours = { side: run(filter.object.programs.zkp_ring_gate), close: () => filter.detach() };
    try {
      const other = { name: 'a TC program that only counts packets', side: run(witness.programs.witness) };
      return await row(name, ours, other, budgetMs, { note: 'a TCP SYN of a stranger to a protected port' });
    } finally {
      witness.close();
    }
  },
};

async function row(name, ours, other, budgetMs, more) {
  try {
    const [own, theirs] = await takeTurns([ours.side, other.side], { budgetMs });
    return timeRow(name, 'ns per packet', own, other.name, theirs, { note: ours.note, ...more });
  } finally {
    ours.close();
  }
}

const ring =
  ({ secretKey }) =>
  (filter) =>
    createRingProver({ audience: AUDIENCE, group: filter.provers.description(1), key: secretKey });

/** A gate on the loopback interface, where nobody uses its ports, and its program on a proof that does not hold. */
async function falseProofs(proof, proverOf, repeat) {
  const filter = await ZkpFilter.attach({ ...OPTIONS, proof });
  const challenge = filter.challengeFor(PEER);
  const given = proverOf(filter).prove(challenge, PEER);
  given[given.length - 1] ^= 1;
  const message = messagesOf(proof.kind).encodeProof(randomBytes(8), challenge, given);
  const data = controlFrame(PEER, CONTROL_PORT, message);
  const program = filter.object.programs[`zkp_${proof.kind}_gate`];
  const side = () => {
    const before = filter.stats().DROP_PROOF.packets;
    const samples = Array.from({ length: 16 }, () => program.testRun({ data, repeat }).durationNs);
    const judged = Number(filter.stats().DROP_PROOF.packets - before);
    if (judged !== 16 * repeat)
      throw new Error(`${judged} of ${16 * repeat} proofs were checked to their end`);
    return samples;
  };
  return { side, close: () => filter.detach(), note: 'a proof that is wrong in its last bit' };
}

const hmac = (secret) => createHmac('sha256', secret).update(STATEMENT).digest();

function ecdsa(count) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const options = { dsaEncoding: 'ieee-p1363' };
  const signature = sign('sha256', STATEMENT, { key: privateKey, ...options });
  const one = () => verify('sha256', STATEMENT, { key: publicKey, ...options }, signature);
  return () =>
    times(32, 4, () => {
      for (let i = 0; i < count; i++) if (!one()) throw new Error('node:crypto refused its own signature');
    });
}

/** Nanoseconds per call, of so many batches. */
function times(batches, calls, call) {
  return Array.from({ length: batches }, () => {
    const begin = performance.now();
    for (let i = 0; i < calls; i++) call();
    return ((performance.now() - begin) * 1e6) / calls;
  });
}
