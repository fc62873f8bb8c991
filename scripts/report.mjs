// Reading of vitest's JSON reports: testResults is a list of files.

const LINES = 12;

/** The first lines, without those of the test runner's own frames. */
const head = (text) => {
  const lines = text.split('\n').filter((line) => !line.includes('/node_modules/'));
  return lines.slice(0, LINES).join('\n    ');
};
const kindOf = ({ status }) => (status === 'passed' || status === 'failed' ? status : 'skipped');

/** A file that does not load has no tests to count: it is one failure. */
export function countsOf(testResults) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { status, assertionResults } of testResults) {
    for (const test of assertionResults) total[kindOf(test)]++;
    const isCounted = assertionResults.some((test) => test.status === 'failed');
    if (status === 'failed' && !isCounted) total.failed++;
  }
  return total;
}

/** What failed, as text: file, test and the first lines of the message. */
export function failuresOf(testResults) {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = name.replace(/^.*\/packages\//, 'packages/');
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (status === 'failed' && failed.length === 0) return [`${file}\n    ${head(message)}`];
    return failed.map(
      ({ fullName, failureMessages }) => `${file} > ${fullName}\n    ${head(failureMessages.join('\n'))}`,
    );
  });
}
