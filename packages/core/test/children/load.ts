import type { BpfError } from '../../src/index.js';
import { openCore } from '../support/core-object.js';

/* Loads, pins if told where, and prints what went wrong. */

const [pinPath] = process.argv.slice(2);
const spec = openCore();
try {
  using core = spec.load();
  if (pinPath !== undefined) core.maps.live.pin(pinPath);
  console.log(JSON.stringify({ code: 'none' }));
} catch (error) {
  const { name, code, message } = error as BpfError;
  console.log(JSON.stringify({ name, code, message, programs: spec.programs.size }));
}
