// All checks; the last line adds up what they counted.
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { failuresOf } from './failures.mjs';

const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const REPORTS = 'build/kernels';

/** Runs a command; with a log, its output goes there first, and is shown when it has ended. */
async function run(title, command, args, { log } = {}) {
  const start = Date.now();
  if (!log) console.log(`\n== ${title}`);
  const output = log ? openSync(log, 'w') : 'inherit';
  const child = spawn(command, args, { stdio: ['inherit', output, output] });
  const code = await new Promise((resolve) => child.on('close', resolve).on('error', () => resolve(-1)));
  if (log) console.log(`\n== ${title}\n${readFileSync(log, 'utf8').trimEnd()}`);
  console.log(`== ${title}: ${code === 0 ? 'ok' : 'FAILED'}, ${Math.round((Date.now() - start) / 1000)} s`);
  return code === 0;
}

/** A check that counts as one test. */
async function check(title, command, args) {
  if (await run(title, command, args)) total.passed++;
  else {
    total.failed++;
    failures.push(title);
  }
}

/** Adds reports' counts; a run that failed without a failed test counts as one. */
function add(reports, ok) {
  const sum = (name) => reports.reduce((all, report) => all + report[name], 0);
  for (const name of Object.keys(total)) total[name] += sum(name);
  if ((!ok || reports.length === 0) && sum('failed') === 0) total.failed++;
}

function readReport(path) {
  try {
    return [JSON.parse(readFileSync(path, 'utf8'))];
  } catch {
    return [];
  }
}

async function thisKernel() {
  const report = 'build/vitest.json';
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const ok = await run('tests', 'npx', ['vitest', 'run', ...reporters]);
  const results = readReport(report);
  failures.push(...results.flatMap(failuresOf));
  const counts = results.map(({ numPassedTests, numFailedTests, numPendingTests, numTodoTests }) => ({
    passed: numPassedTests,
    failed: numFailedTests,
    skipped: numPendingTests + numTodoTests,
  }));
  add(counts, ok);
}

async function otherKernels() {
  /* All at once, so that no processor is idle while the last one runs; and behind the tests on this kernel. */
  const matrix = ['-n', '10', 'bash', 'scripts/kernels/matrix.sh', '--jobs', '3'];
  const ok = await run('other kernels', 'nice', matrix, { log: `${REPORTS}/log` });
  const files = readdirSync(REPORTS).filter((name) => name.endsWith('.json'));
  const reports = files.flatMap((name) => readReport(`${REPORTS}/${name}`));
  for (const { kernel, passed, failed, skipped, failures: ofKernel } of reports) {
    console.log(`${kernel}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
    failures.push(...ofKernel.map((failure) => `${kernel}: ${failure}`));
  }
  add(reports, ok);
}

rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });

await check('format, lint, types, generated files', 'bash', ['scripts/lint.sh']);
await check('verified instructions', 'node', ['scripts/verified.mjs', '--check']);
// At once: tests on this kernel wait for packets and clocks more than they compute.
await Promise.all([otherKernels(), thisKernel()]);

// Once more at the end, where it is found.
for (const failure of failures) console.log(`\nFAILED ${failure}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
