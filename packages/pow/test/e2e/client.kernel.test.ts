import { afterEach, beforeEach, expect, it } from 'vitest';
import { CLIENT, Lab, packets, SERVER } from './lab.js';

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.create();
});
afterEach(() => lab[Symbol.dispose]());

/* Under emulation, which is slow, one. */
const FAMILIES = process.env.CRYPTBPF_VM ? (['ipv6'] as const) : (['ipv4', 'ipv6'] as const);

it.each(FAMILIES)('a client over %s reaches the port after it has solved, and not before', async (family) => {
  const gate = await lab.attach();
  expect(lab.connect(SERVER[family])).toBe('timeout');
  expect(packets(gate, 'DROP_NOT_ADMITTED')).toBeGreaterThan(0);
  expect(lab.solve(SERVER[family])).toMatchObject({ lifetime: 3600, source: CLIENT[family] });
  expect(lab.connect(SERVER[family])).toBe('open');
  expect(gate.admitted()).toMatchObject([
    { source: family === 'ipv4' ? CLIENT.ipv4 : 'fd98::/64', origin: 'proof' },
  ]);
});
