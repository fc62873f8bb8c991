import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Mounts tracefs where it belongs, if it is not there already. */
export function mountTracefs(): void {
  if (existsSync('/sys/kernel/tracing/events')) return;
  execFileSync('mount', ['-t', 'tracefs', 'tracefs', '/sys/kernel/tracing']);
}
