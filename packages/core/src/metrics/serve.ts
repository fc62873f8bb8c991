import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Metrics, type MetricsOptions } from './metrics.js';
import { measureRuns } from './programs.js';

export interface ServeOptions extends MetricsOptions {
  /** TCP. Default 9464; 0: one that is free. */
  port?: number;
  /** Default 127.0.0.1: nobody but this machine. */
  host?: string;
  /** Has the kernel measure how long programs run, while this serves: some 20 ns for each run. Needs CAP_SYS_ADMIN. */
  measureRuns?: boolean;
  /** What to serve. Default: what stands pinned. */
  metrics?: Metrics;
}

export interface MetricsServer extends AsyncDisposable {
  readonly metrics: Metrics;
  readonly port: number;
  /** Of the metrics. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves metrics at /metrics by HTTP. Throws what listen() does (EADDRINUSE), ERR_PERMISSION for measureRuns. */
export async function serveMetrics(options: ServeOptions = {}): Promise<MetricsServer> {
  const { port = 9464, host = '127.0.0.1', metrics = new Metrics(options) } = options;
  const measuring = options.measureRuns ? measureRuns() : undefined;
  const server = createServer(({ url, method }, response) => {
    if (url?.split('?')[0] !== '/metrics') response.writeHead(404).end('metrics are at /metrics\n');
    else if (method !== 'GET' && method !== 'HEAD') response.writeHead(405, { allow: 'GET, HEAD' }).end();
    else void answer(metrics, response);
  });
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  } catch (error) {
    measuring?.[Symbol.dispose]();
    throw error;
  }
  const { port: bound } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    measuring?.[Symbol.dispose]();
  };
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    metrics,
    port: bound,
    url: `http://${name}:${bound}/metrics`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What is not to be read is an error with a reason, which Prometheus shows, and never half of the numbers. */
async function answer({ registry }: Metrics, response: ServerResponse): Promise<void> {
  try {
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(text);
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end(`${(error as Error).message}\n`);
  }
}
