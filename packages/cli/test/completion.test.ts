import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { candidates } from '../src/completion/candidates.js';
import { SCRIPTS } from '../src/completion/scripts.js';
import { makeProgram } from '../src/program.js';

const program = makeProgram('0.0.0');
const complete = (line: string) => candidates(program, line.split(' '));

test.each([
  ['sta', ['status', 'stats']],
  ['crypto-r', ['crypto-ratelimit']],
  ['detach enc', ['encrypted-tunnel', 'encrypted-logger']],
  ['client p', ['pow', 'pki', 'pki-validator']],
  ['pow --pow', ['--pow-difficulty']],
  ['pow -i eth0 --mon', ['--monitor']],
  ['verify h', ['hash-comparison']],
  ['pow -c ', []],
  ['comple', ['completion']],
])('%j is completed', (line, words) => {
  expect(complete(line)).toEqual(words);
});

test('bash takes the script, and asks by it', () => {
  const script = `${SCRIPTS.bash}
cryptbpf() { printf '%s\\n' "\${@:2}" both; }
COMP_WORDS=(cryptbpf client p); COMP_CWORD=2; _cryptbpf; echo "\${COMPREPLY[*]}"`;
  expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toBe('client p both\n');
});
