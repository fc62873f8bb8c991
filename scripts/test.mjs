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

const summary = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

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

/** The same in a guest, alone. */
async function runTestsIn({ name, kernel }, files) {
  const matrix = ['scripts/kernels/matrix.sh', '--only', name];
  const environment = [`CRYPTBPF_KERNEL_TESTS=${files.join(' ')}`];
  await run(`tests that failed in ${kernel}, alone`, 'env', [...environment, 'bash', ...matrix]);
  const [report = { ok: false, files: [] }] = readReport(`${REPORTS}/${name}.json`);
  return report;
}

/** Tests in guests: a report for each. */
async function otherKernels() {
  /* All at once, so that no processor is idle while the last one runs; and behind the tests on this kernel. */
  const matrix = ['-n', '5', 'bash', 'scripts/kernels/matrix.sh', '--jobs', '3'];
  const ok = await run('other kernels', 'nice', matrix, { log: `${REPORTS}/log` });
  const names = readdirSync(REPORTS).filter((name) => name.endsWith('.json'));
  const reports = names.flatMap((name) => readReport(`${REPORTS}/${name}`));
  return ok || reports.some((report) => !report.ok)
    ? reports
    : [...reports, { kernel: 'kernels', ok, files: [] }];
}

/**
 * Traffic and clocks suffer from what runs beside them: files that failed are run once more, alone. What passes then is
 * told as unsteady; what fails again has failed.
 */
async function secondChance(where, first, again) {
  const failed = first.files.filter(({ status }) => status === 'failed');
  if (failed.length === 0 || failed.length > MOST_UNSTEADY) return first;
  const names = failed.map(({ name }) => name);
  const second = await again(names);
  if (second.ok) for (const failure of failuresOf(failed)) console.log(`\nUNSTEADY ${where}${failure}`);
  return {
    ok: second.ok,
    files: [...first.files.filter(({ name }) => !names.includes(name)), ...second.files],
  };
}

function tell(where, { ok, files }) {
  const counts = countsOf(files);
  if (!ok && counts.failed === 0) counts.failed = 1;
  for (const name of Object.keys(total)) total[name] += counts[name];
  failures.push(...failuresOf(files).map((failure) => `${where}${failure}`));
  console.log(`${where}${summary(counts)}`);
}

rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });

await check('format, lint, types, generated files', 'bash', ['scripts/lint.sh']);
await check('verified instructions', 'node', ['scripts/verified.mjs', '--check']);
// At once: tests on this kernel wait for packets and clocks more than they compute.
const [here, guests] = await Promise.all([runTests('tests'), otherKernels()]);
tell('', await secondChance('', here, (files) => runTests('tests that failed, alone', files)));
for (const guest of guests) {
  const where = `${guest.kernel}: `;
  tell(where, await secondChance(where, guest, (files) => runTestsIn(guest, files)));
}

// Once more at the end, where it is found.
for (const failure of failures) console.log(`\nFAILED ${failure}`);
console.log(`\n${summary(total)}`);
process.exitCode = total.failed === 0 ? 0 : 1;
