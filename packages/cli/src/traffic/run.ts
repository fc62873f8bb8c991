import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Exit, Failure } from '../failure.js';
import { type Ends, synFrame, udpFrame } from './frames.js';
import { cli, HOST, receiver, sender } from './places.js';
import { type Hostile, SCENARIOS, type Scenario } from './scenarios.js';
import type { Orders } from './sender.js';
import { Stage } from './stage.js';

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

/** Attaches the feature in a network of its own, and sends honest and hostile traffic there. */
export async function runTraffic(feature: string, options: TrafficOptions): Promise<Traffic> {
  using stage = new Stage();
  const scenario = await SCENARIOS[feature]!(stage.folder);
  await stage.start('peer', [receiver, 'in1']).line();
  if (scenario.hook === 'tc') await stage.start('host', [receiver, 'in0']).line();
  const path = stage.file('options.yaml', scenario.config);
  const gate = stage.start('host', [cli, feature, '-i', 'in0', '-c', path, '--json']);
  await gate.line();
  if (scenario.beside) await stage.start('peer', [cli, ...scenario.beside]).line();
  await sleep(1000); // packets of the second in which it came up are refused where they have a time
  const orders = await ordersOf(stage, scenario, options);
  const flood = stage.start('peer', [sender, JSON.stringify(orders)]);
  await flood.line();
  const sent = flood.line();
  const honest = await beHonest(stage, scenario, options);
  const { flood: count, replayed } = await sent;
  gate.child.kill('SIGTERM');
  const { stats } = await gate.line();
  return {
    honest,
    hostile: { flood: count, replayed, kinds: scenario.hostile.map(({ kind }) => kind) },
    reasons: countsOf(stats.reasons ?? (stats.drops ? { ...stats.drops, ...stats.handshakes } : stats)),
  };
}

/** Once a second, while the flood lasts. */
async function beHonest(
  stage: Stage,
  scenario: Scenario,
  { seconds, signal }: TrafficOptions,
): Promise<Traffic['honest']> {
  const end = performance.now() + seconds * 1000;
  let tried = 0;
  let served = 0;
  while (tried === 0 || performance.now() < end) {
    if (signal.aborted) throw new Failure(Exit.FAILED, 'stopped');
    const child = stage.spawn('peer', scenario.honest, ['pipe', 'ignore', 'inherit']);
    child.stdin!.end(scenario.input ?? '');
    const [code] = await once(child, 'exit');
    tried++;
    if (code === 0) served++;
    await sleep(1000, undefined, { signal }).catch(() => {});
  }
  return { tried, served };
}

async function ordersOf(
  { networks }: Stage,
  scenario: Scenario,
  { perSecond, seconds }: TrafficOptions,
): Promise<Orders> {
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

/** Some features count packets and bytes, a tunnel packets. */
function countsOf(stats: Record<string, number | { packets: number }>): Record<string, number> {
  const counts = Object.entries(stats).map(
    ([reason, count]) => [reason, typeof count === 'number' ? count : count.packets] as const,
  );
  return Object.fromEntries(counts.filter(([, packets]) => packets > 0));
}
