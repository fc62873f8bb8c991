import { randomBytes } from 'node:crypto';
import { openObject } from '@cryptbpf/core';
import { Namespaces } from './lib/namespaces.mjs';
import { pinToCore, unpin } from './lib/pin.mjs';
import { timeRow } from './lib/rows.mjs';
import { takeTurns } from './lib/samples.mjs';
import { frameOf, macOf, request } from './offload/packets.mjs';
import { NAMES, replay } from './offload/regret.mjs';
import { BenchService } from './offload/service.mjs';

/* Operations: what a decision takes, what an answer of BPF's takes beside a UDP server in Node, and what learning costs. */

const RUNS = 100_000;
const BATCH = 1000;
const BATCHES = 40;
const SENT = 40_000;
const INTERVAL_NS = 4000;
const DECISION_GOAL_NS = 50;
const ANSWER_GOAL = 5;
const REGRET_GOAL = 10;
const FIXED = ['static', 'bpf', 'userspace', 'hardware'];

export async function benchOffload({ progress, budgetMs = 8000 }) {
  const rows = NAMES.map((name) => {
    progress(`offload/regret-${name}`);
    return regretRow(name);
  });
  const key = randomBytes(16).toString('hex');
  const baseline = await Baseline.start(key);
  const service = new BenchService(key);
  pinToCore();
  try {
    progress('offload/decision');
    rows.unshift(await decision(budgetMs));
    progress('offload/bpf-sha256-256');
    rows.unshift(await answer(service, baseline, budgetMs));
    return rows;
  } finally {
    service.close();
    baseline.close();
    unpin();
  }
}

async function answer(service, baseline, budgetMs) {
  const ours = () => Array.from({ length: BATCHES }, () => service.run(BATCH));
  const [bpf, node] = await takeTurns([ours, () => baseline.round()], { budgetMs });
  const name = 'Node UDP server: tag, hash, answer; CPU time per request';
  const note = 'tag, counter, budgets, decision, SHA-256 of 256 bytes, answer with tag and checksum';
  return timeRow('offload/bpf-sha256-256', 'ns per request', bpf, name, node, {
    note,
    goal: { ratio: ANSWER_GOAL },
  });
}

/** A decision between three routes that are all possible, without what a test run takes by itself. */
async function decision(budgetMs) {
  const object = openObject(new URL('../build/bpf/offload_test.bpf.o', import.meta.url)).load();
  const { maps, programs } = object;
  const time = (program) => program.testRun({ data: new Uint8Array(64), repeat: RUNS }).durationNs;
  for (let route = 0; route < 3; route++) maps.queues.set(route, { done: 0, isOut: 0, slowness: 256 });
  const choice = { ...maps.choice.at(0), class: 9, able: 7, exploreInterval: 64, depthMax: [100, 100, 100] };
  for (let cell = 9 * 24; cell < 10 * 24; cell++)
    maps.estimates.set(cell, { latencyNs: 1000 + cell, costNs: 100, samples: 9 });
  maps.choice.set(0, choice);
  const decide = () => [time(programs.test_decide) - time(programs.test_nothing)];
  const nothing = () => [time(programs.test_nothing)];
  const [ours, empty] = await takeTurns([decide, nothing], { budgetMs });
  object.close();
  return timeRow('offload/decision', 'ns', ours, 'a program that only looks up a value', empty, {
    note: 'three routes, estimates, queues, hysteresis, exploring; without the time of the baseline',
    goal: { value: DECISION_GOAL_NS },
  });
}

/** Percent by which the mean latency is above the oracle's; the baseline is the best fixed policy's. */
function regretRow(name) {
  const { meanUs, trace } = replay(name);
  const regret = (policy) => (meanUs[policy] / meanUs.oracle - 1) * 100;
  const best = FIXED.reduce((least, policy) => (meanUs[policy] < meanUs[least] ? policy : least));
  const means = Object.entries(meanUs).map(([policy, us]) => `${policy} ${us.toFixed(1)}`);
  const value = Number(regret('learned').toFixed(1));
  const other = Number(regret(best).toFixed(1));
  return {
    name: `offload/regret-${name}`,
    unit: '%',
    value,
    median: value,
    baseline: { name: `the best fixed policy, ${best}`, value: other, median: other },
    ratio: Number((meanUs[best] / meanUs.learned).toPrecision(4)),
    note: `${trace.requests.length} requests, simulated; mean µs: ${means.join(', ')}`,
    goal: { value: REGRET_GOAL },
  };
}

/** The server, and the sender that saturates it. */
class Baseline {
  #namespaces = new Namespaces(`cryptbpf-offload-${process.pid}`);
  #server;
  #sender;

  static async start(key) {
    const baseline = new Baseline();
    const start = (side, module) => baseline.#namespaces.start(side, new URL(module, import.meta.url));
    baseline.#server = await start('server', './offload/server.mjs');
    baseline.#sender = await start('sender', './cas/sender.mjs');
    await baseline.#server.ask('prepare', { key });
    const frame = frameOf(request(1n, macOf(key)));
    await baseline.#sender.ask('prepare', { frame: frame.toString('hex') });
    return baseline;
  }

  /** Nanoseconds per request, for each so many that the server answered. */
  async round() {
    await this.#server.ask('begin');
    await this.#sender.ask('send', { count: SENT, intervalNs: INTERVAL_NS });
    const { samples, handled, wrong } = await this.#server.ask('end');
    if (wrong > 0) throw new Error(`the server refused ${wrong} of ${handled} requests`);
    if (handled > SENT * 0.95)
      throw new Error(`the server was not saturated: it handled ${handled} requests`);
    return samples;
  }

  close() {
    this.#namespaces.close();
  }
}
