import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PkiValidator } from '../../src/index.js';
import { badChains, goodChains } from '../support/bad-chains.js';
import { certificatePem, forge, type Pair, pemOf } from '../support/forge.js';
import { RULES } from '../support/gate.js';
import { CLIENT, Lab, type Presented, packets } from './lab.js';

/* The same chains as in reasons.kernel.test.ts, through real packets: a client presents them over a veth. */

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
  const presenter = await lab.presenter();
  present = (chain, holder) =>
    presenter({ chain: chain.map((der) => certificatePem({ der })).join(''), key: pemOf(holder) });
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
