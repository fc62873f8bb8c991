import { spawnSync } from 'node:child_process';
import { cpus, setPriority } from 'node:os';

const PRIORITY = -15;

/**
 * Keeps this thread, and so the BPF programs that it runs, on one core: the last one, of which it gets more than its
 * neighbours. What it starts inherits both. Returns the core's number.
 */
export function pinToCore() {
  const cpu = cpus().length - 1;
  taskset(String(cpu));
  setPriority(PRIORITY);
  return cpu;
}

/** Lets it run on any core again. */
export function unpin() {
  setPriority(0);
  taskset(`0-${cpus().length - 1}`);
}

/** Of the main thread alone: its id is that of the process. */
function taskset(list) {
  const { error, status, stderr } = spawnSync('taskset', ['-c', '-p', list, String(process.pid)], {
    encoding: 'utf8',
  });
  if (error || status !== 0) throw new Error(`taskset failed: ${error?.message ?? stderr}`);
}
