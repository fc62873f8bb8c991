import { Counter, Gauge, Registry } from 'prom-client';
import { type Controller, samplesOfController } from './controller.js';
import { type Description, METRICS, type MetricName, type Owner, type Sample } from './sample.js';
import { standingSamples } from './standing.js';

export interface MetricsOptions {
  /** A directory in bpffs: what stands pinned there is measured. Default /sys/fs/bpf/cryptbpf. */
  pinPath?: string;
  /** Of prom-client, to which these metrics are added. Default: one of their own. */
  registry?: Registry;
}

/**
 * Metrics for Prometheus, by prom-client, which is to be installed beside this package: counters of each feature by interface
 * and reason, how full maps are, lost events, how long programs ran, ages of keys. What stands pinned is found at each
 * scrape, whoever attached it; controllers of this process that are not pinned, tunnels and loggers are added by add().
 * Reading what is pinned needs CAP_BPF and access to its directory; runs of programs are there with CAP_SYS_ADMIN alone.
 *
 * @example
 * const metrics = new Metrics();
 * metrics.add(tunnel, { feature: 'tunnel', name: 'cb0' });
 * console.log(await metrics.registry.metrics());
 */
export class Metrics {
  readonly registry: Registry;
  readonly #pinPath: string | undefined;
  readonly #controllers = new Map<Controller, Owner>();
  #scrape: Map<MetricName, Map<string, Sample>> | undefined;

  constructor({ pinPath, registry = new Registry() }: MetricsOptions = {}) {
    this.#pinPath = pinPath;
    this.registry = registry;
    for (const name of Object.keys(METRICS) as MetricName[]) this.#register(name);
  }

  /** Measures a controller of this process until the result is disposed of. Whatever it names alike counts once. */
  add(
    controller: Controller,
    { feature, name = '', interface: on = '' }: { feature: string; name?: string; interface?: string },
  ): Disposable {
    this.#controllers.set(controller, { feature, name, interface: on });
    return { [Symbol.dispose]: () => void this.#controllers.delete(controller) };
  }

  #register(name: MetricName): void {
    const { kind, help, labels }: Description = METRICS[name];
    const registers = [this.registry];
    const common = { name: `cryptbpf_${name}`, help, labelNames: [...labels], registers };
    const samples = () => this.#samples(name);
    if (kind === 'counter')
      new Counter({
        ...common,
        collect() {
          this.reset();
          for (const { labels, value } of samples()) this.inc(labels, value);
        },
      });
    else
      new Gauge({
        ...common,
        collect() {
          this.reset();
          for (const { labels, value } of samples()) this.set(labels, value);
        },
      });
  }

  /** All metrics of a scrape are of one look. */
  #samples(name: MetricName): Iterable<Sample> {
    if (!this.#scrape) {
      this.#scrape = this.#look();
      queueMicrotask(() => {
        this.#scrape = undefined;
      });
    }
    return this.#scrape.get(name)?.values() ?? [];
  }

  #look(): Map<MetricName, Map<string, Sample>> {
    const found = new Map<MetricName, Map<string, Sample>>();
    const added = [...this.#controllers].flatMap(([controller, owner]) =>
      samplesOfController(owner, controller),
    );
    const told = new Set(added.map(countedBy));
    const standing = standingSamples(this.#pinPath).filter((sample) => !told.has(countedBy(sample)));
    for (const sample of [...added, ...standing]) {
      const own = found.get(sample.metric) ?? new Map<string, Sample>();
      found.set(sample.metric, own.set(Object.values(sample.labels).join('\0'), sample));
    }
    return found;
  }
}

/** What a controller tells of what stands, with interfaces or without, is not told again. */
const countedBy = ({ metric, labels: { feature, name, direction, reason } }: Sample) =>
  [metric, feature, name, direction, reason].join('\0');
