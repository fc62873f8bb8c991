import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Exit, Failure } from '../failure.js';
import { type Ends, synFrame, udpFrame } from './frames.js';
import { Networks } from './networks.js';
import { HOST, type Hostile, SCENARIOS, type Scenario } from './scenarios.js';
import type { Orders } from './sender.js';

export interface TrafficOptions {
  readonly seconds: number;
  readonly perSecond: number;
  readonly signal: AbortSignal;
}

export interface Traffic {
  readonly honest: { readonly tried: number; readonly served: number };
  readonly hostile: { readonly flood: number; readonly replayed: number; readonly kinds: readonly string[] };
  /** Packets at the feature, by reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

const cli = fileURLToPath(new URL('./cli.js', import.meta.url));
const receiver = fileURLToPath(new URL('./traffic/receiver.js', import.meta.url));
const sender = fileURLToPath(new URL('./traffic/sender.js', import.meta.url));

/** Attaches the feature in a network of its own, and sends honest and hostile traffic there. */
export async function runTraffic(feature: string, options: TrafficOptions): Promise<Traffic> {
  const folder = mkdtempSync(join(tmpdir(), 'cryptbpf-traffic-'));
  const children: ChildProcess[] = [];
  const networks = new Networks();
  try {
    const scenario = await SCENARIOS[feature]!(folder);
    return await play(feature, { ...options, scenario, networks, folder, children });
  } finally {
    for (const child of children) child.kill('SIGKILL');
    networks[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Stage extends TrafficOptions {
  readonly scenario: Scenario;
  readonly networks: Networks;
  readonly folder: string;
  readonly children: ChildProcess[];
}

async function play(feature: string, stage: Stage): Promise<Traffic> {
  const path = join(stage.folder, 'options.yaml');
  writeFileSync(path, stage.scenario.config);
  await start(stage, 'peer', [receiver, 'in1']).line();
  if (stage.scenario.hook === 'tc') await start(stage, 'host', [receiver, 'in0']).line();
  const gate = start(stage, 'host', [cli, feature, '-i', 'in0', '-c', path, '--json']);
  await gate.line();
  await sleep(1000); // packets of the second in which it came up are refused where they have a time
  const flood = start(stage, 'peer', [sender, JSON.stringify(await ordersOf(stage))]);
  await flood.line();
  const sent = flood.line();
  const honest = await beHonest(feature, stage);
  const { flood: count, replayed } = await sent;
  gate.child.kill('SIGTERM');
  const { stats } = await gate.line();
  return {
    honest,
    hostile: { flood: count, replayed, kinds: stage.scenario.hostile.map(({ kind }) => kind) },
    reasons: countsOf(stats.reasons ?? stats),
  };
}

function start({ networks, children }: Stage, where: 'host' | 'peer', args: readonly string[]) {
  const child = networks.spawn(where, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Failure(Exit.FAILED, `${where} ended before it was through`);
    const read = JSON.parse(value);
    if (read.error) throw new Failure(Exit.FAILED, read.error);
    return read;
  };
  return { child, line };
}

/** Once a second, while the flood lasts. */
async function beHonest(feature: string, stage: Stage): Promise<Traffic['honest']> {
  const { scenario, networks, seconds, signal } = stage;
  const end = performance.now() + seconds * 1000;
  let tried = 0;
  let served = 0;
  while (tried === 0 || performance.now() < end) {
    if (signal.aborted) throw new Failure(Exit.FAILED, 'stopped');
    const child = networks.spawn('peer', [cli, 'client', feature, ...scenario.honest], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    stage.children.push(child);
    child.stdin!.end(scenario.input ?? '');
    const [code] = await once(child, 'exit');
    tried++;
    if (code === 0) served++;
    await sleep(1000, undefined, { signal }).catch(() => {});
  }
  return { tried, served };
}

async function ordersOf({ scenario, networks, perSecond, seconds }: Stage): Promise<Orders> {
  const ends: Ends = {
    toMac: networks.macOf('host'),
    fromMac: networks.macOf('peer'),
    to: Uint8Array.from(HOST.split('.').map(Number)),
  };
  let share = 0;
  const patterns = scenario.hostile.map((hostile) => {
    share += hostile.share;
    return {
      frame: frameOf(ends, hostile).toString('hex'),
      below: Math.min(65_536, Math.round(share * 65_536)),
    };
  });
  const { replay } = scenario;
  return {
    interface: 'in1',
    host: HOST,
    perSecond,
    seconds,
    patterns,
    replay: replay && { port: replay.port, payload: Buffer.from(await replay.make()).toString('hex') },
  };
}

function frameOf(ends: Ends, { port, payload }: Hostile): Buffer {
  return payload ? udpFrame(ends, port, payload) : synFrame(ends, port);
}

function countsOf(stats: Record<string, { packets: number }>): Record<string, number> {
  const counts = Object.entries(stats).filter(([, { packets }]) => packets > 0);
  return Object.fromEntries(counts.map(([reason, { packets }]) => [reason, packets]));
}
