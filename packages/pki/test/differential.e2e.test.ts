import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../pow/test/support/random.js';
import { certificatePem, forge } from './support/forge.js';
import { ChainGate } from './support/gate.js';
import { type RandomChain, randomChain } from './support/random-chains.js';

/*
 * The gate beside `openssl verify -x509_strict -purpose sslclient`. Whatever the gate lets in, openssl must take; whatever
 * openssl takes, the gate must let in, unless the chain has something in it that is refused on purpose:
 * docs/protocols.md says what and why.
 */

const COUNT = Number(process.env.CRYPTBPF_FUZZ ?? 400);
const BATCH = 200;

const root = forge('Root', { isCa: true });
const directory = mkdtempSync(join(tmpdir(), 'cryptbpf-verify-'));
const path = (name: string) => join(directory, name);
let gate: ChainGate;

beforeAll(async () => {
  writeFileSync(path('root.pem'), certificatePem(root));
  gate = await ChainGate.create([certificatePem(root)], { names: 'any' });
});
afterAll(() => {
  gate[Symbol.dispose]();
  rmSync(directory, { recursive: true, force: true });
});

/** Which of the chains openssl takes. */
function verify(chains: readonly RandomChain[]): boolean[] {
  const above = chains.flatMap(({ chain }) => chain.slice(1).map((der) => certificatePem({ der })));
  writeFileSync(path('above.pem'), above.join(''));
  const files = chains.map(({ chain }, i) => {
    writeFileSync(path(`${i}.pem`), certificatePem({ der: chain[0]! }));
    return path(`${i}.pem`);
  });
  const untrusted = above.length > 0 ? ['-untrusted', path('above.pem')] : [];
  const options = ['-x509_strict', '-purpose', 'sslclient', '-CAfile', path('root.pem'), ...untrusted];
  const { stdout } = spawnSync('openssl', ['verify', ...options, ...files], { encoding: 'utf8' });
  return files.map((file) => stdout.includes(`${file}: OK`));
}

test(`the gate and openssl agree on ${COUNT} chains`, { timeout: 3_600_000 }, async () => {
  const random = new Random(5280);
  const differences = new Set<string>();
  const seen = { taken: 0, refused: 0, policy: 0 };
  for (let done = 0; done < COUNT; done += BATCH) {
    const chains = Array.from({ length: Math.min(BATCH, COUNT - done) }, () => randomChain(random, root));
    const taken = verify(chains);
    for (const [i, { chain, holder, broken, policies }] of chains.entries()) {
      const reason = await gate.present(chain, holder);
      const isIn = reason === 'ANSWER_ADMITTED';
      if (isIn === taken[i]) seen[isIn ? 'taken' : 'refused']++;
      else if (!isIn && policies.length > 0) seen.policy++;
      else
        differences.add(
          `gate ${reason}, openssl ${taken[i] ? 'takes it' : 'does not'}: ${broken.join(', ')}`,
        );
    }
  }
  expect([...differences]).toEqual([]);
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(COUNT / 100);
});
