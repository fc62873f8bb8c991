// How many instructions the verifier of the running kernel goes through, and how long objects take to load.
//   (nothing)  prints the table of docs/crypto.md, made anew
//   --write    writes it there
//   --check    fails where a program has grown far beyond what is written there; does not time
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { growth } from './verified/growth.mjs';
import { measureAll } from './verified/measure.mjs';
import { formatCounts, recordedCounts, recordedKernel, withTable } from './verified/table.mjs';

const PAGE = new URL('../docs/crypto.md', import.meta.url);
const LOADS = 5;
const LOAD_LIMIT_MS = 300;

function complain(complaints) {
  for (const complaint of complaints) console.error(`verified: ${complaint}`);
  if (complaints.length > 0) process.exitCode = 1;
}

function check(page) {
  const complaints = growth(measureAll(), recordedCounts(page), {
    sameKernel: recordedKernel(page) === runningKernel(),
  });
  complain(complaints);
  console.log(
    complaints.length === 0
      ? 'verified: no program has grown'
      : 'verified: if that is meant, run npm run verified -- --write',
  );
}

function measured() {
  const objects = measureAll({ loads: LOADS });
  const slow = objects.filter(({ loadMs }) => loadMs >= LOAD_LIMIT_MS);
  complain(slow.map(({ object, loadMs }) => `${object} takes ${loadMs.toFixed(0)} ms to load`));
  return `${madeOn()}\n\n${formatCounts(objects)}`;
}

function runningKernel() {
  return release().split('.').slice(0, 2).join('.');
}

function madeOn() {
  const [compiler] = execFileSync('clang-19', ['--version'], { encoding: 'utf8' }).split('\n');
  const version = /\d+\.\d+\.\d+/.exec(compiler)?.[0];
  const processor = cpus()[0]?.model.trim();
  return `Linux ${runningKernel()}, clang ${version}, ${processor}; load: of the whole object with its maps, best of ${LOADS}.`;
}

const { values } = parseArgs({ options: { write: { type: 'boolean' }, check: { type: 'boolean' } } });
const page = readFileSync(PAGE, 'utf8');
if (values.check) check(page);
else if (values.write) writeFileSync(PAGE, withTable(page, measured()));
else console.log(measured());
