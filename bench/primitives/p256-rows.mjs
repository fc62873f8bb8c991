import { P256_DEFAULT_WIDTHS, P256Layout } from '@cryptbpf/core/crypto';
import { P256Bench } from './p256.mjs';

/* Rows of P-256. OpenSSL has no faster way for a key that it knows: one figure for all verifications. */

/** The widest that P256Layout.within() chooses, whatever the memory. */
const WIDEST = P256Layout.within(2 ** 40, 1).widths;
const VERIFY = 'p256-verify';

export const P256 = [
  measure({}, 'enrolled', {
    name: 'p256/verify-enrolled',
    baseline: VERIFY,
    goal: { ratio: 2 },
    note: `4 keys, tables of ${kib(P256_DEFAULT_WIDTHS)} each (the default)`,
  }),
  measure({ widths: WIDEST }, 'enrolled', {
    name: 'p256/verify-enrolled-widest',
    baseline: VERIFY,
    goal: { ratio: 2.8 },
    note: `4 keys, tables of ${kib(WIDEST)} each`,
  }),
  measure({ exceptional: true }, 'enrolled', {
    name: 'p256/verify-slow-path',
    baseline: VERIFY,
    note: 'the slowest that the owner of a key can force: the last addition is a doubling',
  }),
  measure({}, 'generic', {
    name: 'p256/verify-generic',
    baseline: VERIFY,
    goal: { ratio: 0.5 },
    note: 'keys from the packet: decoded, without tables',
  }),
  measure({}, 'sum', {
    name: 'p256/schnorr',
    baseline: 'p256-schnorr',
    note: 'a * G - b * Q == R, tables of the default width',
  }),
];

function measure(options, what, row) {
  return async () => {
    const bench = await P256Bench.prepare(options);
    return {
      sides: [{ ...row, time: (count) => bench.time(what, count) }],
      close: () => bench.close(),
    };
  };
}

function kib(widths) {
  const bytes = new P256Layout(1, widths).bytes - new P256Layout(0, widths).bytes;
  return bytes < 2 ** 20 ? `${bytes / 2 ** 10} KiB` : `${bytes / 2 ** 20} MiB`;
}
