import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sample } from '@cryptbpf/core';
import { Exit, Failure } from '../failure.js';
import { core } from '../packages.js';
import { benchPeer, cli, receiver } from '../traffic/places.js';
import { SCENARIOS } from '../traffic/scenarios.js';
import { Stage } from '../traffic/stage.js';
import { BENCHES, type Load } from './loads.js';

/*
 * What packets cost here: the feature is attached in a network of its own, its client sends packets there, and the kernel
 * measures how long the programs run.
 */

export interface Row {
  readonly feature: string;
  readonly packet: string;
  /** What the feature said of each. */
  readonly reason: string;
  /** Of the best batch. The kernel's measuring is in it, some 20 ns. */
  readonly nanoseconds: number;
  readonly batches: number;
  /** Of one CPU. */
  readonly perSecond: number;
  readonly node: { readonly what: string; readonly nanoseconds: number } | undefined;
  /** Above 1: quicker than node:crypto with the same arithmetic, which has no packet to look at. */
  readonly ratio: number | undefined;
}

export interface BenchOptions {
  /** For each kind of packet. */
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly progress: (what: string) => void;
}

const BATCH = 64;
const SETTLE_MS = 1000;
const NODE_BATCH = 200;
const NODE_BATCHES = 20;

/** Needs root. Throws Failure when packets did not meet what is measured. */
export async function bench(feature: string, options: BenchOptions): Promise<Row[]> {
  const { options: more, loads } = BENCHES[feature]!;
  const { measureRuns } = await core();
  using stage = new Stage();
  using pins = pinsOf();
  const scenario = await SCENARIOS[feature]!(stage.folder);
  await stage.start('peer', [receiver, 'in1']).line();
  const path = stage.file('options.yaml', scenario.config + more);
  const pinned = ['--pin', '--pin-path', pins.path];
  await stage.start('host', [cli, feature, '-i', 'in0', '-c', path, ...pinned, '--json']).line();
  await sleep(SETTLE_MS); // packets of the second in which it came up are refused where they have a time
  using _measuring = measureRuns();
  const rows: Row[] = [];
  for (const [i, load] of loads.entries()) {
    options.progress(`${feature}: ${load.packet}`);
    const sender = stage.start('peer', [benchPeer, feature, `${i}`, stage.folder]);
    const isTc = scenario.hook === 'tc';
    rows.push(rowOf(feature, load, await batches(load, sender.tell, looker(load, isTc, pins.path), options)));
    sender.child.kill();
  }
  return rows;
}

let made = 0;

function pinsOf(): Disposable & { path: string } {
  const path = `/sys/fs/bpf/cryptbpf-bench-${process.pid}-${made++}`;
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

interface Look {
  readonly runs: number;
  readonly seconds: number;
  /** Packets that met the reason. */
  readonly packets: number;
}

/** XDP programs are measured by the dispatcher that calls them. */
function looker({ reason }: Load, isTc: boolean, pinPath: string): () => Promise<Look> {
  const isRun = ({ labels }: Sample) => (labels.feature === 'xdp') !== isTc;
  return async () => {
    const { standingSamples } = await core();
    const samples = standingSamples(pinPath);
    const sum = (metric: string, isWanted: (sample: Sample) => boolean) =>
      samples
        .filter((each) => each.metric === metric && isWanted(each))
        .reduce((all, { value }) => all + value, 0);
    return {
      runs: sum('program_runs_total', isRun),
      seconds: sum('program_run_seconds_total', isRun),
      packets: sum('packets_total', ({ labels }) => labels.reason === reason),
    };
  };
}

/** Nanoseconds a packet, of batches that nothing else came between. Throws Failure where there is none. */
async function batches(
  { packet, reason }: Load,
  tell: (command: string) => Promise<unknown>,
  look: () => Promise<Look>,
  { seconds, signal }: BenchOptions,
): Promise<number[]> {
  const times: number[] = [];
  let last = '';
  const end = performance.now() + seconds * 1000;
  for (let tried = 0; tried < 3 || performance.now() < end; tried++) {
    if (signal.aborted) throw new Failure(Exit.FAILED, 'stopped');
    await tell(`make ${BATCH}`);
    const before = await look();
    await tell('send');
    const after = await look();
    const [runs, packets] = [after.runs - before.runs, after.packets - before.packets];
    if (runs === BATCH && packets === BATCH) times.push(((after.seconds - before.seconds) * 1e9) / BATCH);
    last = `of ${BATCH} packets, ${packets} were ${reason}, and programs ran ${runs} times`;
  }
  if (times.length > 0) return times;
  throw new Failure(Exit.FAILED, `no batch of "${packet}" met what is measured: ${last}`);
}

function rowOf(feature: string, { packet, reason, inNode }: Load, times: number[]): Row {
  const nanoseconds = Math.round(Math.min(...times));
  const node = inNode && { what: inNode.what, nanoseconds: inNodeNs(inNode.once) };
  return {
    feature,
    packet,
    reason,
    nanoseconds,
    batches: times.length,
    perSecond: Math.round(1e9 / nanoseconds),
    node,
    ratio: node && Number((node.nanoseconds / nanoseconds).toPrecision(3)),
  };
}

function inNodeNs(once: () => unknown): number {
  const times = Array.from({ length: NODE_BATCHES }, () => {
    const start = performance.now();
    for (let i = 0; i < NODE_BATCH; i++) once();
    return ((performance.now() - start) * 1e6) / NODE_BATCH;
  });
  return Math.round(Math.min(...times));
}
