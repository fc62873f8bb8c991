import { once } from 'node:events';
import { serve } from './metrics.js';
import { printJson } from './print.js';

/** Of a controller, what all of them have. */
export interface Controller {
  stats(): object;
  /** What is pinned stays. */
  close(): unknown;
  /** Of those with tables for their keys. */
  tablesBuilt?(): Promise<void>;
}

export interface Running {
  readonly feature: string;
  /** What it works on, for people and for JSON. */
  readonly on: Readonly<Record<string, unknown>>;
  /** Whether it outlives this process. */
  readonly stands: boolean;
  readonly json?: boolean | undefined;
  /** Where to serve metrics, "[address:]port". */
  readonly metrics?: string | undefined;
  readonly pinPath?: string | undefined;
}

/** Brings a controller up, tells, and lets go of it at SIGINT, SIGTERM or SIGHUP, also one that comes before it is up. */
export async function runUntilStopped<Own extends Controller>(
  attach: () => Promise<Own>,
  describe: (controller: Own) => Running,
): Promise<void> {
  const stop = Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => once(process, name)));
  const controller = await attach();
  const running = describe(controller);
  const { feature, stands, json, metrics } = running;
  let stats: unknown;
  try {
    await using _metrics = metrics === undefined ? undefined : await serve(metrics, controller, running);
    tell(running);
    const staying = setInterval(() => {}, 2 ** 30);
    await stop;
    clearInterval(staying);
    stats = controller.stats();
  } finally {
    await controller.close();
  }
  if (json) printJson({ feature, state: 'ended', stands, stats });
}

function tell({ feature, on, stands, json }: Running): void {
  if (json) {
    printJson({ feature, state: 'up', ...on, stands });
    return;
  }
  console.log(
    `${feature} is up: ${Object.entries(on)
      .map(([what, value]) => `${what} ${value}`)
      .join(', ')}`,
  );
  console.log(
    stands
      ? `It stays when this command ends; to take it down:  cryptbpf detach ${feature}`
      : 'It goes when this command ends (Ctrl-C); --pin makes it stay.',
  );
}
