const LINES = 12;

const head = (text) => text.split('\n').slice(0, LINES).join('\n    ');

/** What failed in a JSON report of vitest, as text: file, test and the first lines of the message. */
export function failuresOf({ testResults }) {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = name.replace(/^.*\/packages\//, 'packages/');
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (status === 'failed' && failed.length === 0) return [`${file}\n    ${head(message)}`];
    return failed.map(
      ({ fullName, failureMessages }) => `${file} > ${fullName}\n    ${head(failureMessages.join('\n'))}`,
    );
  });
}
