import { spawnSync } from 'node:child_process';
import { AuditLogger } from '@cryptbpf/logger';

/*
 * A process that logs its own children, on command: {command: 'exec' | 'epoch' | 'dump'}. It answers each with
 * {maps}: what a dump of all maps has, as base64, else nothing.
 */

const [recipient, directory, cipher] = process.argv.slice(2);
const logger = await AuditLogger.attach({
  recipient,
  directory,
  filters: { tree: [process.pid] },
  ...(cipher && { cipher }),
  recordsPerKey: 4,
  epochSeconds: 3600,
});

const COMMANDS = {
  exec: () => void spawnSync('/bin/true', ['watched']),
  epoch: () => logger.nextEpoch(),
  dump: () => Object.fromEntries(Object.entries(logger.maps).flatMap(([name, map]) => dump(name, map))),
};

function dump(name, map) {
  if (name === 'log_ring') return [];
  const values = [...map.entries()].map(([, value]) => toBytes(value));
  return [[name, Buffer.concat(values).toString('base64')]];
}

/** Keys and memory are bytes; counters are no secrets. */
function toBytes(value) {
  return value.key ?? (value instanceof Uint8Array ? value : Buffer.alloc(0));
}

process.on('message', ({ command }) => process.send({ maps: COMMANDS[command]() }));
process.on('disconnect', async () => {
  await logger.detach();
  process.exit();
});
process.send({});
