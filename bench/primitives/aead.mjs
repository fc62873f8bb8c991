import { AeadBench } from '../../packages/primitives/dist/aead-bench.js';

/* Sealing and opening 1400 bytes that are loaded from the packet into map memory. */

const GHASH = {
  'aes-gcm': { more: 2600, note: 'tables of 8 KiB a key (the default)' },
  'aes-gcm-large': { note: 'tables of 64 KiB a key' },
  'aes-gcm-table-free': { more: 8000, note: 'GHASH without tables, constant time' },
};
const ECB = 'ecb-aes/1408';
/** How much longer opening may take than sealing. */
const OPEN_LIMIT = 1.1;

export const AEADS = [
  measure(() => [
    side(ECB, 'aes-ecb', { note: "the kernel's AES alone, the same bytes in whole blocks" }),
    ...gcm(),
  ]),
  measure(() => pair('chacha', 'chacha', { note: 'constant time' }, { value: 6000 })),
  measure(() =>
    pair('aes-gcm-soft', 'aes', { note: 'AES in BPF: for programs that cannot call the kernel' }),
  ),
];

function measure(rows) {
  return () => {
    const bench = AeadBench.prepare();
    const sides = rows().map((row) => ({ ...row, time: (count) => bench.run(row.name, count) }));
    return { sides, close: () => bench[Symbol.dispose]() };
  };
}

/** All in one measure: goals are differences. */
function gcm() {
  return Object.entries(GHASH).flatMap(([name, { more, note }]) => {
    const goal = more && ((times) => ({ value: Math.round(times[ECB] + more) }));
    return pair(name, 'aes', { note }, goal);
  });
}

function pair(name, cipher, row, goal) {
  const [seal, open] = [`${name}/seal-1400`, `${name}/open-1400`];
  const asFast = (times) => ({ value: Math.round(times[seal] * OPEN_LIMIT) });
  return [
    side(seal, `${cipher}-seal`, { ...row, ...(goal && { goal }) }),
    side(open, `${cipher}-open`, { ...row, goal: asFast }),
  ];
}

function side(name, baseline, row) {
  return { name, baseline, ...row };
}
