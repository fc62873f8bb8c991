import { randomBytes } from 'node:crypto';
import { Reason } from '@cryptbpf/core';
import { MACS, Namespaces, SERVER_ADDRESS } from './lib/namespaces.mjs';
import { timeRow } from './lib/rows.mjs';
import { takeTurns } from './lib/samples.mjs';
import { benchCost } from './pow/cost.mjs';
import { ACK, helloFrame, PACKETS, PLAIN_ROUTE, randomSources, SYN, tcpFrame } from './pow/frames.mjs';
import { BenchGate } from './pow/gate.mjs';
import { Lists } from './pow/lists.mjs';

/* The proof-of-work gate: nanoseconds per packet, beside a UDP server in Node that does the same. */

const BATCH = 16384;
/** Over all packets, in one turn; or, where each packet is used once, gates in one turn. */
const PASSES = 12;
const GATES = 2;
const CIDRS = 10_000;
/** 200,000 packets a second, some three times what the server can take. */
const SEND_INTERVAL_NS = 5000;
const BASELINE = 'Node UDP server, node:crypto, CPU time per packet';

/** What the gate does with one batch of prepared packets, and what that is called. */
const MEASURES = {
  'solution-check': {
    check: 'solution',
    once: true,
    goal: { value: 1100, ratio: 8 },
    note: 'fresh solutions, each used once; no lists',
    prepare: (gate, sources) => gate.prepareSolutions(sources),
    run: (gate, first, count) => gate.messages(first, count, Reason.ANSWER_ADMITTED),
  },
  hello: {
    check: 'hello',
    note: 'answered with a challenge; no lists',
    prepare: (gate, sources) => gate.prepare(sources, helloFrame(PLAIN_ROUTE)),
    run: (gate, first, count) => gate.messages(first, count, Reason.ANSWER_CHALLENGE),
  },
  drop: {
    check: 'drop',
    withLists: true,
    goal: { value: 250 },
    note: `TCP SYN, not admitted; ${CIDRS} CIDRs to allow, ${CIDRS} to deny`,
    prepare: (gate, sources) => gate.prepare(sources, tcpFrame(PLAIN_ROUTE, SYN)),
    run: (gate, first, count) => gate.traffic(first, count, Reason.DROP_NOT_ADMITTED),
  },
  'drop-near-lists': {
    check: 'drop',
    withLists: true,
    areNear: true,
    note: 'the same, where each source has a neighbour in its /16 that is on a list',
    prepare: (gate, sources) => gate.prepare(sources, tcpFrame(PLAIN_ROUTE, SYN)),
    run: (gate, first, count) => gate.traffic(first, count, Reason.DROP_NOT_ADMITTED),
  },
  admitted: {
    check: 'admitted',
    withLists: true,
    note: `TCP ACK, admitted; ${CIDRS} CIDRs to allow, ${CIDRS} to deny`,
    prepare(gate, sources) {
      gate.prepare(sources, tcpFrame(PLAIN_ROUTE, ACK));
      gate.admit(sources);
    },
    run: (gate, first, count) => gate.traffic(first, count, Reason.PASS_ADMITTED),
  },
};

export async function benchPow({ progress, budgetMs = 8000 }) {
  const lists = Lists.random(CIDRS);
  const isListed = (address) => lists.verdict(address) !== undefined;
  const sources = randomSources(PACKETS, isListed);
  const near = randomSources(PACKETS, (address) => !lists.isNear(address) || isListed(address));
  const baseline = await Baseline.start(lists, sources);
  const rows = [];
  try {
    for (const [name, measure] of Object.entries(MEASURES)) {
      progress(`pow/${name}`);
      await baseline.prepare(measure.check);
      const from = measure.areNear ? near : sources;
      const turns = new GateTurns(measure, measure.withLists ? lists : undefined, from);
      const [ours, theirs] = await takeTurns([() => turns.next(), () => baseline.round()], { budgetMs });
      turns.close();
      const { note, goal } = measure;
      rows.push(timeRow(`pow/${name}`, 'ns per packet', ours, BASELINE, theirs, { note, goal }));
    }
  } finally {
    baseline.close();
  }
  progress('pow/solve');
  const { value: checkNs } = rows.find(({ name }) => name === 'pow/solution-check');
  return [...rows, ...(await benchCost(checkNs))];
}

/** The gate's side of a row. */
class GateTurns {
  #measure;
  #lists;
  #sources;
  #gate;

  constructor(measure, lists, sources) {
    this.#measure = measure;
    this.#lists = lists;
    this.#sources = sources;
  }

  /** Times of some batches. What can be used once needs a gate each time to which solutions and sources are new. */
  next() {
    const { once } = this.#measure;
    const times = [];
    for (let pass = 0; pass < (once ? GATES : PASSES); pass++) {
      if (once) this.close();
      this.#gate ??= this.#prepared();
      times.push(...this.#pass());
    }
    return times;
  }

  close() {
    this.#gate?.close();
    this.#gate = undefined;
  }

  #pass() {
    const starts = Array.from({ length: PACKETS / BATCH }, (_, i) => i * BATCH);
    return starts.map((first) => this.#measure.run(this.#gate, first, BATCH));
  }

  #prepared() {
    const gate = new BenchGate(this.#lists);
    this.#measure.prepare(gate, this.#sources);
    return gate;
  }
}

/** The server, and the sender that saturates it. */
class Baseline {
  #namespaces;
  #server;
  #sender;
  #lists;
  #sources;
  #current;

  static async start(lists, sources) {
    const baseline = new Baseline();
    baseline.#namespaces = new Namespaces(`cryptbpf-bench-${process.pid}`);
    const start = (side) => baseline.#namespaces.start(side, new URL(`./pow/${side}.mjs`, import.meta.url));
    [baseline.#server, baseline.#sender] = [await start('server'), await start('sender')];
    baseline.#lists = [...lists];
    baseline.#sources = sources;
    return baseline;
  }

  /** Packets for a check. The sender solves challenges of the server with its secret. */
  async prepare(name) {
    const secret = randomBytes(32).toString('hex');
    const admitted = name === 'admitted' ? this.#sources : [];
    this.#current = { name, secret, lists: this.#lists, admitted };
    await this.#sender.ask('prepare', { name, secret, sources: this.#sources, route: ROUTE });
  }

  /** Nanoseconds per packet, for each so many that a server with an empty memory handled. */
  async round() {
    await this.#server.ask('begin', this.#current);
    await this.#sender.ask('send', { count: PACKETS, intervalNs: SEND_INTERVAL_NS });
    const { samples, handled, wrong } = await this.#server.ask('end');
    if (wrong > 0)
      throw new Error(`the server judged ${wrong} of ${handled} packets as ${this.#current.name} wrongly`);
    if (handled > PACKETS * 0.95)
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
