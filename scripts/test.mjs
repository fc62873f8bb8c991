// All checks, one after another; the last line adds up what they counted.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';

const total = { passed: 0, failed: 0, skipped: 0 };

function run(title, command, args, env = {}) {
  const start = Date.now();
  console.log(`\n== ${title}`);
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  console.log(`== ${title}: ${status === 0 ? 'ok' : 'FAILED'}, ${Math.round((Date.now() - start) / 1000)} s`);
  return status === 0;
}

/** A check that counts as one test. */
function check(title, command, args) {
  if (run(title, command, args)) total.passed++;
  else total.failed++;
}

/** Adds a report's counts; a run that failed without a failed test counts as one. */
function add(counts, ok) {
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  if (!ok && counts.failed === 0) total.failed++;
}

function vitest() {
  const report = 'build/vitest.json';
  rmSync(report, { force: true });
  const ok = run('tests', 'npx', [
    'vitest',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  if (!existsSync(report)) return add({ passed: 0, failed: 1, skipped: 0 }, ok);
  const json = JSON.parse(readFileSync(report, 'utf8'));
  add(
    {
      passed: json.numPassedTests,
      failed: json.numFailedTests,
      skipped: json.numPendingTests + json.numTodoTests,
    },
    ok,
  );
}

function kernels() {
  rmSync('build/kernels', { recursive: true, force: true });
  mkdirSync('build/kernels', { recursive: true });
  const ok = run('kernel matrix', 'bash', ['scripts/kernels/matrix.sh']);
  const reports = readdirSync('build/kernels').filter((name) => name.endsWith('.json'));
  const counts = reports.map((name) => JSON.parse(readFileSync(`build/kernels/${name}`, 'utf8')));
  for (const { kernel, passed, failed, skipped } of counts)
    console.log(`${kernel}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (reports.length === 0) return add({ passed: 0, failed: 1, skipped: 0 }, ok);
  const sum = (name) => counts.reduce((all, report) => all + report[name], 0);
  add({ passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') }, ok);
}

check('format, lint, types, generated files', 'bash', ['scripts/lint.sh']);
check('verified instructions', 'node', ['scripts/verified.mjs', '--check']);
vitest();
kernels();

console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
