import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PkiValidator } from '../../src/index.js';
import { badChains, goodChains } from '../support/bad-chains.js';
import { certificatePem, forge, type Pair, pemOf } from '../support/forge.js';
import { RULES } from '../support/gate.js';
import { AUDIENCE, CLIENT, Lab, type Presented, packets, SERVER } from './lab.js';

/* The same chains as in reasons.kernel.test.ts, through real packets: a client presents them over a veth. */

const SCRIPT = fileURLToPath(new URL('client.mjs', import.meta.url));
const PLENTY = { perSecond: 1e6, burst: 1e6 };
const root = forge('Root', { isCa: true });

let lab: Lab;
let gate: PkiValidator;
let present: (chain: readonly Uint8Array[], holder: Pair) => Promise<Presented>;

beforeAll(async () => {
  lab = await Lab.create();
  gate = await lab.attach({
    ...{ anchors: [certificatePem(root)], names: RULES },
    ...{ sourceBudget: PLENTY, curveBudget: PLENTY, answerRate: PLENTY },
  });
  const client = await lab.spawn(lab.client, [SCRIPT, 'serve'], 'ready');
  const lines = createInterface({ input: client.stdout! });
  present = async (chain, holder) => {
    const pem = chain.map((der) => certificatePem({ der })).join('');
    const options = { host: SERVER.ipv4, chain: pem, key: pemOf(holder), audience: AUDIENCE };
    const answer = once(lines, 'line');
    client.stdin!.write(`${JSON.stringify(options)}\n`);
    const [line] = await answer;
    return JSON.parse(line as string);
  };
});
afterAll(() => {
  gate.detach();
  lab[Symbol.dispose]();
});

describe('refused, and the port stays closed', () => {
  test.each(badChains(root))('$what', async ({ chain, holder, reason }) => {
    const before = packets(gate, reason);
    expect(await present(chain, holder)).toMatchObject({ code: 'ERR_PKI_REJECTED', reason });
    expect(packets(gate, reason)).toBe(before + 1);
    expect(gate.admitted()).toEqual([]);
  });
});

describe('let in, and the port opens', () => {
  test.each(goodChains(root))('$what', async ({ chain, holder }) => {
    expect(await present(chain, holder)).toMatchObject({ source: CLIENT.ipv4 });
    expect(gate.admitted()).toMatchObject([{ source: CLIENT.ipv4 }]);
    gate.revoke(CLIENT.ipv4);
  });
});
