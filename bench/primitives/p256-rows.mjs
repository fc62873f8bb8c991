import { P256_DEFAULT_WIDTHS, P256_WIDTHS, P256Layout } from '@cryptbpf/core/crypto';
import { P256Bench } from './p256.mjs';

/* Rows of P-256. OpenSSL has no faster way for a key that it knows: one figure for all verifications. */

const WIDEST = { generator: Math.max(...P256_WIDTHS), key: Math.max(...P256_WIDTHS) };
const VERIFY = 'p256-verify';

/** How much longer the slowest that the owner of a key can force may take. */
const SLOW_PATH_LIMIT = 1.25;
const ENROLLED = 'p256/verify-enrolled';

export const P256 = [
  measure(
    side({}, 'enrolled', {
      name: ENROLLED,
      baseline: VERIFY,
      goal: { ratio: 2 },
      note: `4 keys, tables of ${kib(P256_DEFAULT_WIDTHS)} each (the default)`,
    }),
    side({ exceptional: true }, 'enrolled', {
      name: 'p256/verify-slow-path',
      baseline: VERIFY,
      goal: (times) => ({ value: Math.round(times[ENROLLED] * SLOW_PATH_LIMIT) }),
      note: 'the slowest that the owner of a key can force: the last addition is a doubling',
    }),
  ),
  measure(
    side({ widths: WIDEST }, 'enrolled', {
      name: 'p256/verify-enrolled-widest',
      baseline: VERIFY,
      goal: { ratio: 2.8 },
      note: `4 keys, tables of ${kib(WIDEST)} each`,
    }),
  ),
  measure(
    side({}, 'generic', {
      name: 'p256/verify-generic',
      baseline: VERIFY,
      goal: { ratio: 0.5 },
      note: 'keys from the packet: decoded, without tables',
    }),
  ),
  measure(
    side({}, 'sum', {
      name: 'p256/schnorr',
      baseline: 'p256-schnorr',
      note: 'a * G - b * Q == R, tables of the default width',
    }),
  ),
];

function measure(...prepared) {
  return async () => {
    const sides = [];
    for (const prepare of prepared) sides.push(await prepare());
    return {
      sides,
      close: () => {
        for (const { bench } of sides) bench.close();
      },
    };
  };
}

function side(options, what, row) {
  return async () => {
    const bench = await P256Bench.prepare(options);
    return { ...row, bench, time: (count) => bench.time(what, count) };
  };
}

function kib(widths) {
  const bytes = new P256Layout(1, widths).bytes - new P256Layout(0, widths).bytes;
  return bytes < 2 ** 20 ? `${bytes / 2 ** 10} KiB` : `${bytes / 2 ** 20} MiB`;
}
