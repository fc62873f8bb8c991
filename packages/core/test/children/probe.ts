import { readdirSync, readlinkSync } from 'node:fs';
import { features } from '../../src/index.js';

/* Prints what each feature is, and how many descriptors of BPF objects are open afterwards. */

function descriptors(): number {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return targets.filter((target) => target.includes('bpf')).length;
}

const answers = features.names.map((name) => features.probe(name).availability);
console.log(JSON.stringify({ answers, left: descriptors() }));
