import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import { jwkOf } from '@cryptbpf/core/crypto';
import { p256 } from '@noble/curves/nist.js';
import type { KernelCrypto } from '../kernel-crypto.js';
import { type KernelP256, P256_OK, type P256Case } from '../p256.js';
import { agrees, type ComparedCase, type Comparison, type ComparisonOptions } from './comparison.js';
import { timeCalls, timeRuns } from './time.js';

const KEYS = 8;
const TIMED = 200;
const DSA = 'ieee-p1363';

interface Signed {
  readonly key: number;
  readonly message: Uint8Array;
  /** r || s */
  readonly signature: Uint8Array;
}

/** ECDSA on P-256 with SHA-256: the digest, too, is computed by each for itself. */
export async function compareEcdsa(
  kernel: KernelCrypto,
  { random: count = 1000 }: ComparisonOptions = {},
): Promise<Comparison> {
  const signers = Array.from({ length: KEYS }, () => new Signer());
  const inKernel = await kernel.p256(KEYS);
  for (const [key, { point }] of signers.entries()) await inKernel.enroll(key, point);
  const verifiers = new Verifiers(kernel, inKernel, signers);
  const named = namedInputs(signers);
  const judged = verifiers.judge(named);
  const random = verifiers.judge(Array.from({ length: count }, (_, i) => randomInput(signers, i)));
  return {
    name: 'ecdsa-verification',
    cases: judged,
    random: { count, agreeing: random.filter(agrees).length },
    speeds: {
      operation: "ECDSA P-256 verification (BPF: of a digest, with the key's table)",
      of: verifiers.speeds(),
    },
  };
}

interface Input extends Signed {
  readonly title: string;
  readonly expected: 'VALID' | 'INVALID';
}

class Signer {
  readonly publicKey: KeyObject;
  readonly point: Uint8Array;
  readonly #privateKey: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.publicKey = publicKey;
    this.#privateKey = privateKey;
    const { x, y } = jwkOf(publicKey);
    this.point = Buffer.concat([
      Uint8Array.of(4),
      Buffer.from(x!, 'base64url'),
      Buffer.from(y!, 'base64url'),
    ]);
  }

  sign(message: Uint8Array): Uint8Array {
    return sign('sha256', message, { key: this.#privateKey, dsaEncoding: DSA });
  }
}

class Verifiers {
  readonly #kernel: KernelCrypto;
  readonly #inKernel: KernelP256;
  readonly #signers: readonly Signer[];

  constructor(kernel: KernelCrypto, inKernel: KernelP256, signers: readonly Signer[]) {
    this.#kernel = kernel;
    this.#inKernel = inKernel;
    this.#signers = signers;
  }

  judge(inputs: readonly Input[]): ComparedCase[] {
    const digests = inputs.map(({ message }) => this.#kernel.hashes.sha256(message));
    const results = this.#inKernel.run(
      inputs.map(({ key, signature }, i) => ({ key, signature, digest: digests[i]! })),
    );
    return inputs.map((input, i) => ({
      title: input.title,
      input: `Message: ${JSON.stringify(Buffer.from(input.message).toString('utf8'))}`,
      expected: input.expected,
      answers: [
        { by: 'node:crypto', says: says(this.#byNode(input)) },
        { by: '@noble', says: says(this.#byNoble(input)) },
        { by: 'BPF', says: says(results[i]!.code === P256_OK), code: results[i]!.code },
      ],
    }));
  }

  speeds() {
    const inputs = Array.from({ length: TIMED }, (_, i) =>
      signedBy(this.#signers, i % KEYS, randomBytes(32)),
    );
    const cases = inputs.map(({ key, message, signature }) => ({
      key,
      signature,
      digest: createHash('sha256').update(message).digest(),
    }));
    return [
      timeCalls('node:crypto', (i) => this.#byNode(inputs[i % TIMED]!)),
      timeCalls('@noble', (i) => this.#byNoble(inputs[i % TIMED]!)),
      timeRuns('BPF', () => this.#timeInKernel(cases)),
    ];
  }

  /** All once more, as they lie in the kernel's array. */
  #timeInKernel(cases: readonly P256Case[]): number {
    const { object } = this.#inKernel;
    this.#inKernel.run(cases);
    object.variables.next_case = 0;
    return object.programs.test_xdp.testRun({ data: new Uint8Array(64), repeat: cases.length }).durationNs;
  }

  #byNode({ key, message, signature }: Signed): boolean {
    const { publicKey } = this.#signers[key]!;
    return verify('sha256', message, { key: publicKey, dsaEncoding: DSA }, signature);
  }

  #byNoble({ key, message, signature }: Signed): boolean {
    return p256.verify(signature, message, this.#signers[key]!.point, { lowS: false });
  }
}

function says(valid: boolean): 'VALID' | 'INVALID' {
  return valid ? 'VALID' : 'INVALID';
}

function signedBy(signers: readonly Signer[], key: number, message: Uint8Array): Signed {
  return { key, message, signature: signers[key]!.sign(message) };
}

/** Those of the original's demonstration, and one of each way to be wrong. */
function namedInputs(signers: readonly Signer[]): Input[] {
  const messages = ['Hello, BPF ECDSA world!', 'The quick brown fox jumps over the lazy dog', ''];
  const valid = messages.map((text, i) => ({
    title: `Valid signature #${i + 1}`,
    expected: 'VALID' as const,
    ...signedBy(signers, i, Buffer.from(text)),
  }));
  const first = valid[0]!;
  const invalid = (title: string, change: Partial<Signed>): Input => ({
    ...first,
    title,
    expected: 'INVALID',
    ...change,
  });
  return [
    ...valid,
    invalid('Invalid signature: one bit differs', { signature: flipped(first.signature, 300) }),
    invalid('Invalid signature: another message', { message: Buffer.from('Hello, BPF ECDSA w0rld!') }),
    invalid('Invalid signature: another key', { key: 1 }),
    invalid('Invalid signature: r and s are 0', { signature: new Uint8Array(64) }),
    invalid('Invalid signature: r and s are 2^256 - 1', { signature: new Uint8Array(64).fill(0xff) }),
  ];
}

function randomInput(signers: readonly Signer[], i: number): Input {
  const given = signedBy(signers, i % KEYS, randomBytes(1 + (i % 200)));
  if (i % 2) return { ...given, title: `Random #${i}`, expected: 'VALID' };
  const signature = flipped(given.signature, (i * 37) % 512);
  return { ...given, signature, title: `Random #${i}`, expected: 'INVALID' };
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
}
