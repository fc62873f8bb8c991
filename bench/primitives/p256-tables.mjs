import { P256_WIDTHS, P256Layout } from '@cryptbpf/core/crypto';
import { drawLines } from '../lib/lines.mjs';
import { pinToCore, unpin } from '../lib/pin.mjs';
import { Samples } from '../lib/samples.mjs';
import { OpenSsl } from './openssl.mjs';
import { P256Bench } from './p256.mjs';

/* The size of tables against the time of a verification, where caches hold them and where they do not. */

const KEYS = [1, 64, 4096];
/** Each signature is met again only after all others. */
const SIGNATURES = 4096;
const BATCH = 128;
const PASSES = 12;
/** Of all tables. */
const MOST_BYTES = 1.1 * 2 ** 30;

/** A drawing, as SVG. */
export async function plotTables({ progress }) {
  const openssl = new OpenSsl(pinToCore());
  try {
    const series = [];
    for (const keys of KEYS) series.push(await lineOf(keys, progress));
    const level = { name: 'OpenSSL', y: await opensslTime(openssl) };
    return drawLines({
      title: 'P-256: verification of fresh signatures, by the size of tables',
      x: 'table of a key, KiB',
      y: 'µs',
      series,
      level,
    });
  } finally {
    openssl.close();
    unpin();
  }
}

async function lineOf(keys, progress) {
  const points = [];
  for (const width of P256_WIDTHS) {
    const widths = { generator: width, key: width };
    const layout = new P256Layout(keys, widths);
    if (layout.bytes > MOST_BYTES) break;
    progress(`p256 tables: ${keys} keys at ${width} bits, ${Math.round(layout.bytes / 2 ** 20)} MiB`);
    const kib = (layout.bytes - new P256Layout(0, widths).bytes) / keys / 1024;
    points.push({ x: kib, y: (await timeOf(keys, widths)) / 1000 });
  }
  return { name: keys === 1 ? '1 key' : `${keys.toLocaleString('en')} keys`, points };
}

async function timeOf(keys, widths) {
  const bench = await P256Bench.prepare({ keys, widths, items: SIGNATURES, sums: false });
  const samples = new Samples();
  for (let i = 0; i < (PASSES * SIGNATURES) / BATCH; i++) samples.add(bench.time('enrolled', BATCH));
  bench.close();
  return samples.best;
}

async function opensslTime(openssl) {
  const samples = new Samples();
  for (let i = 0; i < 200; i++) samples.add(await openssl.time('p256-verify', 20));
  return samples.best / 1000;
}
