import { describe, expect, test } from 'vitest';
import { Random } from '../../pow/test/support/random.js';
import { hmacQuestion, type Question, sealQuestion, sha256Question, verifyQuestion } from '../src/client.js';
import { cpuFlags, kernelCiphers } from '../src/detect.js';
import { CpuEngine } from '../src/engines/openssl.js';
import { WorkerPool } from '../src/engines/pool.js';
import { type Engine, SimulatedHardware } from '../src/index.js';
import { engineKey } from '../src/keys.js';
import { Performer } from '../src/perform.js';
import { AEAD_KEY, HMAC_KEY, KEYS, signatureOf, VERIFY_KEY } from './support/keys.js';

const keys = new Map(Object.entries(KEYS).map(([id, key]) => [Number(id), engineKey(Number(id), key)]));
const judge = new Performer();
judge.setKeys(keys);
const random = new Random(41);
const data = random.bytes(5000);
const nonce = random.bytes(12);
const questions: Question[] = [
  sha256Question(data),
  hmacQuestion(HMAC_KEY, data),
  hmacQuestion(99, data),
  sealQuestion(AEAD_KEY, data, data.subarray(0, 20)),
  verifyQuestion(VERIFY_KEY, data, signatureOf(data)),
  { ...sha256Question(data), operation: 9 },
];

describe.each([
  ['CPU', () => new CpuEngine(), false],
  ['workers', () => new WorkerPool(1), false],
  ['simulated card', () => new SimulatedHardware({ cpuUs: 3 }), true],
] as [string, () => Engine, boolean][])('the engine: %s', (_, create, isSimulated) => {
  test('does what OpenSSL does, says what it cost, and whether it is simulated', async () => {
    const engine = create();
    engine.setKeys(keys);
    const jobs = questions.map(({ operation, key, data }) => ({ operation, key, data, nonce }));
    const outcomes = await Promise.all(jobs.map((job) => engine.perform(job)));
    outcomes.forEach(({ error, result, costNs }, i) => {
      const expected = judge.perform(jobs[i]!);
      expect([i, error, Buffer.compare(result, expected.result)]).toEqual([i, expected.error, 0]);
      expect(costNs).toBeGreaterThan(0);
    });
    expect(engine.isSimulated).toBe(isSimulated);
    await engine.close();
  });
});

test('the CPU takes many jobs in turns with other work', async () => {
  const engine = new CpuEngine();
  let done = 0;
  const all = Array.from({ length: 100 }, async () => {
    await engine.perform({ ...sha256Question(data), nonce: undefined });
    done++;
  });
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(100);
  await Promise.all(all);
});

describe('hardware', () => {
  test('of the CPU, by its flags', () => {
    expect(cpuFlags('processor : 0\nflags\t\t: fpu aes sse sha_ni avx\n')).toEqual(['aes', 'sha_ni']);
    expect(cpuFlags('Features : fp asimd aes pmull sha1 sha2 crc32')).toEqual([
      'aes',
      'pmull',
      'sha1',
      'sha2',
    ]);
    expect(cpuFlags('')).toEqual([]);
  });

  test('of the kernel, by its ciphers', () => {
    const text =
      'name : cbc(aes)\ndriver : qat_aes_cbc\npriority : 4001\nasync : yes\n\nname : sha256\ndriver : sha256-lib\n';
    expect(kernelCiphers(text)).toEqual([
      { name: 'cbc(aes)', driver: 'qat_aes_cbc', priority: 4001, isAsync: true },
      { name: 'sha256', driver: 'sha256-lib', priority: 0, isAsync: false },
    ]);
  });
});
