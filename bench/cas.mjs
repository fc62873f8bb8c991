import { frameOf, KINDS } from './cas/packets.mjs';
import { BenchVerifier } from './cas/verifier.mjs';
import { Namespaces } from './lib/namespaces.mjs';
import { pinToCore, unpin } from './lib/pin.mjs';
import { timeRow } from './lib/rows.mjs';
import { takeTurns } from './lib/samples.mjs';

/* Content: nanoseconds per packet of 1400 bytes of UDP payload, beside a UDP server in Node that hashes what it gets. */

const NODE = 'Node UDP server, node:crypto, CPU time per packet';
const BATCH = 1000;
const BATCHES = 40;
const SENT = 40_000;
const INTERVAL_NS = 4000;
/** 1.5 Gbit/s of packets of 1400 bytes. */
const GOAL_NS = (1400 * 8) / 1.5;

const NOTES = {
  'verify-1400': 'one packet: header, id, 1356 bytes of content',
  'merkle-1400': 'a chunk of 700 bytes, a path of 19 hashes: an object of 256 MiB',
  drop: 'the last byte of content is another',
};

export async function benchCas({ progress, budgetMs = 8000 }) {
  const baseline = await Baseline.start();
  const verifier = new BenchVerifier();
  pinToCore();
  try {
    const rows = [];
    for (const kind of Object.keys(KINDS)) {
      progress(`cas/${kind}`);
      rows.push(await measure(kind, { verifier, baseline, budgetMs }));
    }
    return rows;
  } finally {
    verifier.close();
    baseline.close();
    unpin();
  }
}

async function measure(kind, { verifier, baseline, budgetMs }) {
  const { payload, passes, reason } = KINDS[kind]();
  const frame = frameOf(payload);
  await baseline.prepare(frame, passes);
  const times = () => Array.from({ length: BATCHES }, () => verifier.run(frame, reason, BATCH));
  const [ours, node] = await takeTurns([times, () => baseline.round()], { budgetMs });
  const gbits = ((payload.length * 8) / ours.best).toFixed(2);
  const goal = kind === 'verify-1400' ? { goal: { value: GOAL_NS } } : {};
  const note = `${NOTES[kind]}; ${gbits} Gbit/s of UDP payload`;
  return timeRow(`cas/${kind}`, 'ns per packet', ours, NODE, node, { note, ...goal });
}

/** The server, and the sender that saturates it. */
class Baseline {
  #namespaces = new Namespaces(`cryptbpf-cas-${process.pid}`);
  #server;
  #sender;

  static async start() {
    const baseline = new Baseline();
    const start = (side) => baseline.#namespaces.start(side, new URL(`./cas/${side}.mjs`, import.meta.url));
    [baseline.#server, baseline.#sender] = [await start('server'), await start('sender')];
    return baseline;
  }

  async prepare(frame, passes) {
    this.passes = passes;
    await this.#sender.ask('prepare', { frame: frame.toString('hex') });
  }

  /** Nanoseconds per packet, for each so many that the server handled. */
  async round() {
    await this.#server.ask('begin', { passes: this.passes });
    await this.#sender.ask('send', { count: SENT, intervalNs: INTERVAL_NS });
    const { samples, handled, wrong } = await this.#server.ask('end');
    if (wrong > 0) throw new Error(`the server judged ${wrong} of ${handled} packets wrongly`);
    if (handled > SENT * 0.95) throw new Error(`the server was not saturated: it handled ${handled} packets`);
    return samples;
  }

  close() {
    this.#namespaces.close();
  }
}
