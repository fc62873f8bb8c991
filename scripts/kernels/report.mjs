// The result of one kernel: a line for people on stdout, build/kernels/<name>.json for scripts.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { countsOf } from '../report.mjs';

const [name, kernel, run, started] = process.argv.slice(2);
const output = new URL('../../build/kernels/', import.meta.url);

const read = (file) => (existsSync(`${run}/${file}`) ? readFileSync(`${run}/${file}`, 'utf8') : undefined);

// A guest that dies leaves no report, and is one failure.
function countTests(files) {
  const counts = countsOf(files);
  return isGreen ? counts : { ...counts, failed: Math.max(counts.failed, 1) };
}

/** Files by their source, which is TypeScript. */
function filesOf({ testResults }) {
  const source = (path) => path.replace(/^.*\/packages\//, 'packages/').replace(/\.mjs$/, '.ts');
  return testResults.map((file) => ({ ...file, name: source(file.name) }));
}

function writeReport(report) {
  mkdirSync(output, { recursive: true });
  writeFileSync(new URL(`${name}.json`, output), `${JSON.stringify(report)}\n`);
}

const status = read('status');
const isGreen = Number(status ?? -1) === 0;
const seconds = (Date.now() / 1000 - Number(started)).toFixed(1);
let verdict = status === undefined ? 'did not finish' : `exit ${Number(status)}`;
if (!existsSync(`${run}/custom`)) {
  const files = filesOf(JSON.parse(read('report.json') ?? '{"testResults":[]}'));
  writeReport({ name, kernel, ok: isGreen, files });
  const { passed, failed, skipped } = countTests(files);
  verdict = `passed ${passed}, failed ${failed}, skipped ${skipped}`;
}
console.log(`${kernel}: ${verdict}, ${seconds} s`);
if (isGreen) writeFileSync(`${run}/green`, '');
