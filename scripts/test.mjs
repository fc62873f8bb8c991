// All checks; the last line adds up what they counted.
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { countsOf, failuresOf } from './report.mjs';

const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const REPORTS = 'build/kernels';
const MOST_UNSTEADY = 5;

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

/** Adds counts; what failed without a failed test counts as one. */
function add(counts, ok) {
  const sum = (name) => counts.reduce((all, count) => all + count[name], 0);
  for (const name of Object.keys(total)) total[name] += sum(name);
  if ((!ok || counts.length === 0) && sum('failed') === 0) total.failed++;
}

function readReport(path) {
  try {
    return [JSON.parse(readFileSync(path, 'utf8'))];
  } catch {
    return [];
  }
}

/** Tests on this kernel: whether all is well, and the files of the report. */
async function runTests(title, files = []) {
  const report = 'build/vitest.json';
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const ok = await run(title, 'npx', ['vitest', 'run', ...reporters, ...files]);
  return { ok, files: readReport(report).flatMap(({ testResults }) => testResults) };
}

async function otherKernels() {
  /* All at once, so that no processor is idle while the last one runs; and behind the tests on this kernel. */
  const matrix = ['-n', '5', 'bash', 'scripts/kernels/matrix.sh', '--jobs', '3'];
  const ok = await run('other kernels', 'nice', matrix, { log: `${REPORTS}/log` });
  const files = readdirSync(REPORTS).filter((name) => name.endsWith('.json'));
  const reports = files.flatMap((name) => readReport(`${REPORTS}/${name}`));
  for (const { kernel, passed, failed, skipped, failures: ofKernel } of reports) {
    console.log(`${kernel}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
    failures.push(...ofKernel.map((failure) => `${kernel}: ${failure}`));
  }
  add(reports, ok);
}

/**
 * Traffic and clocks suffer from the emulators beside them: files that failed are run once more, alone. What passes then
 * is told as unsteady; what fails again has failed.
 */
async function secondChance(first) {
  const failed = first.files.filter(({ status }) => status === 'failed');
  if (failed.length === 0 || failed.length > MOST_UNSTEADY) return first;
  const names = failed.map(({ name }) => name);
  const second = await runTests('tests that failed, alone', names);
  if (second.ok) for (const failure of failuresOf(failed)) console.log(`\nUNSTEADY ${failure}`);
  return {
    ok: second.ok,
    files: [...first.files.filter(({ name }) => !names.includes(name)), ...second.files],
  };
}

rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });

await check('format, lint, types, generated files', 'bash', ['scripts/lint.sh']);
await check('verified instructions', 'node', ['scripts/verified.mjs', '--check']);
// At once: tests on this kernel wait for packets and clocks more than they compute.
const [first] = await Promise.all([runTests('tests'), otherKernels()]);
const { ok, files } = await secondChance(first);
add([countsOf(files)], ok);
failures.push(...failuresOf(files));

// Once more at the end, where it is found.
for (const failure of failures) console.log(`\nFAILED ${failure}`);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
