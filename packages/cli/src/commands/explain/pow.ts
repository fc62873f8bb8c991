import { createHash } from 'node:crypto';
import { installed } from '../../packages.js';
import { type Explanation, gateDiagram, hex, type Step, someChallenge } from './step.js';

const BITS = 16;

async function* steps(): AsyncGenerator<Step> {
  const { parseChallenge, solve, verifySolution } = await installed(
    'pow',
    () => import('@cryptbpf/pow/client'),
  );
  const challenge = someChallenge(BITS);
  const { difficulty } = parseChallenge(challenge);
  yield {
    what: 'the challenge that a gate would give, with a random tag in place of its own',
    values: { challenge: hex(challenge), difficulty },
  };
  const start = performance.now();
  const { nonce, hashes } = await solve(challenge);
  const milliseconds = Math.round(performance.now() - start);
  yield {
    what: `a nonce is looked for, so that the hash begins with ${BITS} zero bits`,
    values: { nonce: `${nonce}`, hashes, milliseconds },
  };
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(nonce);
  const hash = createHash('sha256').update(challenge).update(bytes).digest('hex');
  yield {
    what: 'the gate hashes once: SHA-256(challenge || nonce)',
    values: { hash, holds: `${verifySolution(challenge, nonce)}` },
  };
  yield {
    what: 'for another challenge the same nonce is worth nothing',
    values: { holds: `${verifySolution(someChallenge(BITS), nonce)}` },
  };
}

export const pow: Explanation = {
  diagram: gateDiagram(
    'a nonce',
    'A flood from forged addresses sees no challenge; one from true addresses pays for each of them.',
  ),
  steps,
};
