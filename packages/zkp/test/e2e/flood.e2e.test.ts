import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addressBytes } from '../../../pow/test/support/addresses.js';
import { proofMessage } from '../../../pow/test/support/messages.js';
import { concat, frame } from '../../../pow/test/support/packets.js';
import { MAGIC } from '../../src/client/message.js';
import { createRingProver } from '../../src/client.js';
import type { Groups, ZkpFilter } from '../../src/index.js';
import { testKeys } from '../support/keys.js';
import { AUDIENCE, CLIENT, Lab, SERVER } from './lab.js';

/** Emulated machines are slow. */
const IS_SLOW = process.env.CRYPTBPF_VM !== undefined;
const PER_SECOND = IS_SLOW ? 40 : 400;
const SECONDS = IS_SLOW ? 6 : 3;
const WAVE = IS_SLOW ? 40 : 400;
const CONTROL_PORT = 22307;
const SOURCES = 8;
const MEMBERS = testKeys(4, 60);

let lab: Lab;
let filter: ZkpFilter<Groups>;
beforeAll(async () => {
  lab = await Lab.create();
  filter = await lab.attach(
    {
      kind: 'ring',
      groups: [{ id: 1, members: MEMBERS.map(({ publicKey }) => publicKey) }],
      maxMembers: 8,
      tableWidth: 4,
    },
    {
      sourceBudget: { perSecond: PER_SECOND, burst: PER_SECOND },
      curveBudget: { perSecond: PER_SECOND, burst: PER_SECOND },
    },
  );
});
afterAll(() => lab[Symbol.dispose]());

/** Proofs to challenges that these sources were given, right in everything but the last response. */
function falseProofs(): Uint8Array[] {
  const group = filter.provers.description(1);
  const prover = createRingProver({ audience: AUDIENCE, group, key: MEMBERS[0]!.secretKey });
  const macs = concat(lab.server.macOf('s0'), lab.client.macOf('c0'));
  return Array.from({ length: SOURCES * 8 }, (_, i) => {
    const source = `10.98.1.${1 + (i % SOURCES)}`;
    const challenge = filter.challengeFor(source);
    const proof = prover.prove(challenge, addressBytes(source));
    proof.set(randomBytes(16), proof.length - 16);
    const bytes = frame({
      ip: { source, destination: SERVER.ipv4 },
      udp: { sourcePort: 40_000 + i, destinationPort: CONTROL_PORT },
      payload: proofMessage(challenge, proof, { magic: MAGIC }),
    });
    bytes.set(macs, 0);
    return bytes;
  });
}

const packets = (reason: keyof ReturnType<typeof filter.stats>) => Number(filter.stats()[reason].packets);

it(`a flood of false proofs costs ${PER_SECOND} curve operations a second, and who is admitted does not notice`, {
  timeout: 120_000,
}, async () => {
  const group = filter.provers.description(1);
  const spec = {
    make: 'createRingProver',
    options: { audience: AUDIENCE, group, key: MEMBERS[1]!.secretKey },
  };
  expect(await lab.prove('ipv4', spec)).toBe('admitted');
  const attacker = lab.client.openSocket('c0');
  const proofs = falseProofs();
  const begin = performance.now();
  let sent = 0;
  let answered = 0;
  while (performance.now() - begin < SECONDS * 1000) {
    for (let i = 0; i < WAVE; i++) attacker.send(proofs[sent++ % proofs.length]!);
    expect(await lab.opens('ipv4')).toBe('open');
    answered++;
  }
  const seconds = (performance.now() - begin) / 1000;
  const checked = packets('DROP_PROOF') * MEMBERS.length;
  expect(checked).toBeGreaterThan(0);
  /* What is begun within the budget may end beyond it, once for each budget. */
  expect(checked).toBeLessThanOrEqual(PER_SECOND * (seconds + 1) + 2 * MEMBERS.length);
  expect(packets('DROP_SOURCE_BUDGET') + packets('DROP_CURVE_BUDGET')).toBeGreaterThan(0);
  expect(answered).toBeGreaterThan(0);
  expect(filter.admitted()).toMatchObject([{ source: CLIENT.ipv4 }]);
});
