import type { MetricsServer } from '@cryptbpf/core/metrics';
import { Exit, Failure } from './failure.js';
import type { Controller, Running } from './run.js';

/**
 * Serves metrics for Prometheus while a controller runs: of this one, and of all that stands below its pin path. Throws
 * Failure without prom-client.
 */
export async function serve(
  where: string,
  controller: Controller,
  { feature, on, stands, pinPath }: Running,
): Promise<MetricsServer> {
  const { Metrics, serveMetrics } = await load();
  const metrics = new Metrics(pinPath === undefined ? {} : { pinPath });
  const isFound = stands && on.interfaces !== undefined; // by its pins
  if (!isFound)
    metrics.add(controller, {
      feature,
      interface: [on.interfaces ?? []].flat().join(','),
    });
  return serveMetrics({ ...placeFrom(where), metrics });
}

async function load() {
  try {
    return await import('@cryptbpf/core/metrics');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new Failure(Exit.UNABLE, 'prom-client is not installed: npm install prom-client', { cause });
  }
}

/** ":9464" is this machine's alone; "0.0.0.0:9464" is everybody's. */
function placeFrom(where: string): { port: number; host?: string } {
  const [, host, port] = /^(?:\[?([^\]]*?)\]?:)?(\d{1,5})$/.exec(where) ?? [];
  if (port === undefined || Number(port) > 65_535)
    throw new Failure(Exit.USAGE, `--metrics is "${where}", expected [address:]port, such as :9464`);
  return { port: Number(port), ...(host && { host }) };
}
