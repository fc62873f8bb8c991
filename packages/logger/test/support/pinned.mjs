import { openObject } from '@cryptbpf/core';
import { AuditLogger } from '@cryptbpf/logger';

/* A process that logs by the options given to it, and seals records as fast as it can where these ask for no events. */

const OBJECT = new URL('../../../../build/bpf/logger_bench.bpf.o', import.meta.url);
const BATCH = 200;

const settings = JSON.parse(process.argv[2]);
const logger = await AuditLogger.attach(settings);
if (settings.events) {
  const spec = openObject(OBJECT);
  for (const [name, map] of Object.entries(logger.maps)) spec.map(name).maxEntries = map.maxEntries;
  const bench = spec.load({ reuse: logger.maps });
  const context = new Uint8Array(BigUint64Array.of(BigInt(BATCH)).buffer);
  setInterval(() => bench.programs.bench_seal.testRun({ context }), 1);
}
process.send({});
