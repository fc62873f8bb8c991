// The result of one kernel: a line for people on stdout, build/kernels/<name>.json for scripts.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { failuresOf } from '../failures.mjs';

const [name, kernel, run, started] = process.argv.slice(2);
const output = new URL('../../build/kernels/', import.meta.url);

const read = (file) => (existsSync(`${run}/${file}`) ? readFileSync(`${run}/${file}`, 'utf8') : undefined);

// A file that does not load has no tests to count, a guest that dies leaves no report: both are one failure.
function countTests(report, status) {
  const passed = report?.numPassedTests ?? 0;
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  const broken = report?.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failed = (report?.numFailedTests ?? 0) + (broken?.length ?? 0);
  return { passed, failed: status === 0 ? failed : Math.max(failed, 1), skipped };
}

function writeReport(report, counts) {
  mkdirSync(output, { recursive: true });
  const failures = report ? failuresOf(report) : [];
  writeFileSync(new URL(`${name}.json`, output), `${JSON.stringify({ kernel, ...counts, failures })}\n`);
}

const status = read('status') === undefined ? undefined : Number(read('status'));
const seconds = (Date.now() / 1000 - Number(started)).toFixed(1);
let verdict = status === undefined ? 'did not finish' : `exit ${status}`;
if (!existsSync(`${run}/custom`)) {
  const report = read('report.json') && JSON.parse(read('report.json'));
  const counts = countTests(report, status);
  writeReport(report, counts);
  verdict = `passed ${counts.passed}, failed ${counts.failed}, skipped ${counts.skipped}`;
}
console.log(`${kernel}: ${verdict}, ${seconds} s`);
if (status === 0) writeFileSync(`${run}/green`, '');
