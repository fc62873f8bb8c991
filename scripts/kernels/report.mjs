// The result of one kernel: a line for people on stdout, build/kernels/<name>.json for scripts.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { countsOf, failuresOf } from '../report.mjs';

const [name, kernel, run, started] = process.argv.slice(2);
const output = new URL('../../build/kernels/', import.meta.url);

const read = (file) => (existsSync(`${run}/${file}`) ? readFileSync(`${run}/${file}`, 'utf8') : undefined);

// A guest that dies leaves no report, and is one failure.
function countTests(files, status) {
  const counts = countsOf(files);
  return status === 0 ? counts : { ...counts, failed: Math.max(counts.failed, 1) };
}

function writeReport(report) {
  mkdirSync(output, { recursive: true });
  writeFileSync(new URL(`${name}.json`, output), `${JSON.stringify(report)}\n`);
}

const status = read('status') === undefined ? undefined : Number(read('status'));
const seconds = (Date.now() / 1000 - Number(started)).toFixed(1);
let verdict = status === undefined ? 'did not finish' : `exit ${status}`;
if (!existsSync(`${run}/custom`)) {
  const files = JSON.parse(read('report.json') ?? '{"testResults":[]}').testResults;
  const counts = countTests(files, status);
  writeReport({ kernel, ...counts, failures: failuresOf(files) });
  verdict = `passed ${counts.passed}, failed ${counts.failed}, skipped ${counts.skipped}`;
}
console.log(`${kernel}: ${verdict}, ${seconds} s`);
if (status === 0) writeFileSync(`${run}/green`, '');
