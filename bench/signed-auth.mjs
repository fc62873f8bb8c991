import { MACS, Namespaces, SERVER_ADDRESS } from './lib/namespaces.mjs';
import { pinToCore, unpin } from './lib/pin.mjs';
import { timeRow } from './lib/rows.mjs';
import { takeTurns } from './lib/samples.mjs';
import { randomSources } from './pow/frames.mjs';
import { OpenSsl } from './primitives/openssl.mjs';
import { BenchGate } from './signed-auth/gate.mjs';
import { newParties } from './signed-auth/packets.mjs';

/* Signed packets: nanoseconds per packet, beside a UDP server in Node that does the same, and OpenSSL's verification. */

const NODE = 'Node UDP server, node:crypto, CPU time per packet';
const OPENSSL = 'OpenSSL, p256-verify';
const OPENSSL_BATCH = 12;
const OPENSSL_BATCHES = 64;

/** How many packets, so many in a batch; and how far apart they are sent to the server. */
const MEASURES = {
  verify: {
    passes: true,
    packets: 16_384,
    batch: 64,
    intervalNs: 20_000,
    goal: { ratio: 2 },
    note: 'fresh packets, each used once; 4 keys, tables of the default width',
  },
  session: {
    passes: true,
    packets: 65_536,
    batch: 8192,
    intervalNs: 4000,
    goal: { value: 500, ratio: 20 },
    note: 'fresh packets of 256 sessions, each used once',
  },
  'reject-cheap': {
    passes: false,
    packets: 16_383,
    batch: 5461,
    intervalNs: 4000,
    note: 'in turn: no trailer, unknown key, stale time',
  },
};

export async function benchSignedAuth({ progress, budgetMs = 8000 }) {
  const parties = newParties();
  const baseline = await Baseline.start(parties);
  const gate = await BenchGate.create(parties);
  const openssl = new OpenSsl(pinToCore());
  try {
    const rows = [];
    for (const kind of Object.keys(MEASURES)) {
      progress(`signed-auth/${kind}`);
      rows.push(...(await measure(kind, { gate, baseline, openssl, budgetMs })));
    }
    return rows;
  } finally {
    openssl.close();
    gate.close();
    baseline.close();
    unpin();
  }
}

async function measure(kind, { gate, baseline, openssl, budgetMs }) {
  const { packets, goal, note } = MEASURES[kind];
  const sources = randomSources(packets);
  await gate.prepare(kind, sources);
  await baseline.prepare(kind, sources);
  const sides = [() => times(gate, kind), () => baseline.round()];
  if (kind === 'verify') sides.push(() => opensslTimes(openssl));
  const [ours, node, other] = await takeTurns(sides, { budgetMs });
  const row = (name, baselineName, theirs, more) =>
    timeRow(`signed-auth/${name}`, 'ns per packet', ours, baselineName, theirs, { note, ...more });
  const rows = [row(kind, NODE, node, { goal })];
  if (other) rows.push(row(`${kind}-openssl`, OPENSSL, other));
  return rows;
}

function times(gate, kind) {
  const { packets, batch } = MEASURES[kind];
  gate.forget();
  return Array.from({ length: packets / batch }, (_, i) => gate.run(kind, i * batch, batch));
}

async function opensslTimes(openssl) {
  const samples = [];
  for (let i = 0; i < OPENSSL_BATCHES; i++) samples.push(await openssl.time('p256-verify', OPENSSL_BATCH));
  return samples;
}

/** The server, and the sender that saturates it. */
class Baseline {
  #namespaces = new Namespaces(`cryptbpf-bench-${process.pid}`);
  #server;
  #sender;
  #parties;
  #kind;

  static async start(parties) {
    const baseline = new Baseline();
    const start = (side) =>
      baseline.#namespaces.start(side, new URL(`./signed-auth/${side}.mjs`, import.meta.url));
    [baseline.#server, baseline.#sender] = [await start('server'), await start('sender')];
    baseline.#parties = parties;
    return baseline;
  }

  async prepare(kind, sources) {
    this.#kind = kind;
    await this.#sender.ask('prepare', { kind, parties: this.#parties, sources, route: ROUTE });
  }

  /** Nanoseconds per packet, for each so many that a server with an empty memory handled. */
  async round() {
    const { passes, packets, intervalNs } = MEASURES[this.#kind];
    await this.#server.ask('begin', { passes, parties: this.#parties });
    await this.#sender.ask('send', { count: packets, intervalNs });
    const { samples, handled, wrong } = await this.#server.ask('end');
    if (wrong > 0) throw new Error(`the server judged ${wrong} of ${handled} ${this.#kind} packets wrongly`);
    if (handled > packets * 0.95)
      throw new Error(`the server was not saturated: it handled ${handled} packets`);
    return samples;
  }

  close() {
    this.#namespaces.close();
  }
}

const octets = (text, separator, radix) => text.split(separator).map((part) => Number.parseInt(part, radix));

const ROUTE = {
  macs: [...octets(MACS.server, ':', 16), ...octets(MACS.sender, ':', 16)],
  destination: octets(SERVER_ADDRESS, '.', 10),
};
