import { readFileSync } from 'node:fs';

let count: number | undefined;

/** How many CPUs the kernel may ever have: the number of values in an element of a per-CPU map. */
export function possibleCpus(): number {
  count ??= parseCpuList(readFileSync('/sys/devices/system/cpu/possible', 'latin1'));
  return count;
}

/** "0-3,8" has 5. */
function parseCpuList(text: string): number {
  const ranges = text.trim().split(',');
  return ranges.reduce((sum, range) => {
    const [first, last = first] = range.split('-').map(Number);
    return sum + last! - first! + 1;
  }, 0);
}
