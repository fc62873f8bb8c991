import { readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { random } from '../compile.js';
import { emit, frameOf, loadCore } from '../support/core-object.js';

/*
 * Opens, views, drains, leaks views and closes in random orders with forced garbage collections, for so many
 * rounds, and prints how many mappings of maps there were before, at most, and after. Needs --expose-gc.
 */

const { gc } = globalThis as unknown as { gc: () => void };
const [rounds = '10', seed = '1'] = process.argv.slice(2);
const next = random(Number(seed));
const pick = (n: number) => Math.floor(next() * n);

type Core = ReturnType<typeof loadCore>;
const open: Core[] = [];
const leaked: { view: DataView; offset: number; expected: bigint }[] = [];

const actions: ((core: Core) => unknown)[] = [
  (core) => leaked.push({ view: core.maps.live.view(), offset: 7 * 8, expected: core.maps.live.at(7) }),
  (core) => {
    emit(core, 20);
    core.maps.events.drain((view, offset) => {
      if (pick(20) === 0) leaked.push({ view, offset: offset % 8, expected: -1n });
    });
  },
  (core) => void core.maps.events.take(pick(10)),
  (core) => void core.programs.core_xdp.testRun({ data: frameOf(60 + pick(1400)) }),
  (core) => void (core.variables.packets + BigInt(core.variables.verdict)),
  (core) => core.maps.live.close(),
  (core) => core.maps.events.close(),
  (core) => core.close(),
  (core) => core.maps.recent.setBatch([[pick(100), 1n]]),
  (core) => void core.maps.recent.getBatch(),
];

function openOne(): Core {
  const core = loadCore();
  core.maps.live.set(7, BigInt(pick(1e9)));
  return core;
}

/** After a close everything but reading views throws, and nothing else happens. */
function act(core: Core): void {
  try {
    actions[pick(actions.length)]!(core);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_CLOSED') throw error;
  }
}

function checkViews(): void {
  for (const { view, offset, expected } of leaked) {
    const value = view.getBigUint64(offset, true);
    if (expected >= 0n && value !== expected) throw new Error(`a view reads ${value}, expected ${expected}`);
  }
}

const mappings = () => readFileSync('/proc/self/maps', 'latin1').match(/bpf[-_]map/g)?.length ?? 0;

async function churn(rounds: number): Promise<number> {
  let most = 0;
  for (let round = 0; round < rounds; round++) {
    if (open.length < 4) open.push(openOne());
    for (let i = 0; i < 50; i++) act(open[pick(open.length)]!);
    if (pick(2) === 0) open.splice(pick(open.length), 1)[0]!.close();
    most = Math.max(most, mappings());
    checkViews();
    leaked.splice(0, pick(leaked.length + 1));
    gc();
    checkViews();
    await turn();
  }
  for (const core of open.splice(0)) core.close();
  checkViews();
  leaked.length = 0;
  return most;
}

const before = mappings();
const most = await churn(Number(rounds));
for (let i = 0; i < 20; i++) {
  gc();
  await turn();
}
console.log(JSON.stringify({ before, most, after: mappings() }));
