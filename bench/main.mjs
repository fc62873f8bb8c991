import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PACKAGES, select } from './registry.mjs';

const USAGE = 'usage: npm run bench -- [package …] [--json] [--plot]';
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PLOT = fileURLToPath(new URL('results.svg', import.meta.url));

function fail(message) {
  console.error(`bench: ${message}`);
  process.exit(1);
}

function options() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean' }, plot: { type: 'boolean' } },
    });
    return { ...values, packages: select(positionals) };
  } catch (error) {
    return fail(`${error.message}\n${USAGE}`);
  }
}

/** Its output goes to stderr, like all progress: stdout is for results. */
function setup() {
  const { status } = spawnSync('bash', ['scripts/setup.sh'], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}

function progress(what) {
  console.error(`bench: ${what}`);
}

async function measure(packages) {
  const rows = [];
  for (const name of packages) {
    const bench = await PACKAGES[name].load();
    rows.push(...(await bench({ progress })));
  }
  return rows;
}

/** Where and when, for who reads figures later. */
function circumstances() {
  const machine = {
    cpu: cpus()[0].model.trim(),
    cpus: cpus().length,
    kernel: release(),
    node: process.version.slice(1),
    load: loadavg()[0].toFixed(1),
  };
  return { date: new Date().toISOString(), machine };
}

function write(path, text) {
  writeFileSync(path, text);
  progress(`wrote ${path}`);
}

const { packages, json, plot } = options();
if (process.platform !== 'linux' || process.getuid() !== 0) {
  fail('needs Linux and root: it loads BPF programs and makes network namespaces. Run it again as root.');
}
setup();
const when = circumstances();
const rows = await measure(packages);
const { formatTable } = await import('./lib/table.mjs');
console.log(json ? JSON.stringify({ ...when, rows }, null, 2) : formatTable(rows));
if (plot) {
  const { drawPlot } = await import('./lib/plot.mjs');
  write(PLOT, drawPlot(rows));
  for (const name of packages) {
    for (const { file, draw } of PACKAGES[name].plots ?? [])
      write(fileURLToPath(new URL(file, import.meta.url)), await (await draw())({ progress }));
  }
}
