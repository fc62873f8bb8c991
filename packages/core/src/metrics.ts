export type { Controller } from './metrics/controller.js';
export { Metrics, type MetricsOptions } from './metrics/metrics.js';
export { type MetricsServer, type ServeOptions, serveMetrics } from './metrics/serve.js';
