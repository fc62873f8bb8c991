import type { BpfObject, Program } from '@cryptbpf/core';
import { Netns } from '../../../core/test/support/netns.js';
import { Holder } from '../../src/client.js';
import { type PkiOptions, PkiValidator, type ReasonName } from '../../src/index.js';
import type { PkiObject } from '../../src/pki.gen.js';
import { type Pair, pemOf } from './forge.js';

export const AUDIENCE = 'gate.example';
export const RULES = ['dns:.clients.example', 'spiffe://trust.example/ns/prod/', 'ip:192.0.2.0/24'];

const TC_ACT_REDIRECT = 7;
const PLENTY = { perSecond: 1e9, burst: 1e6 };

/** The controller's own view of the kernel side. */
interface Opened {
  readonly object: BpfObject<PkiObject>;
}

/** A gate on the loopback interface of a namespace of its own, to which chains are handed in by its controller. */
export class ChainGate implements Disposable {
  readonly validator: PkiValidator;
  readonly #namespace: Netns;
  #sources = 0;

  private constructor(validator: PkiValidator, namespace: Netns) {
    this.validator = validator;
    this.#namespace = namespace;
  }

  static async create(anchors: PkiOptions['anchors'], changes: Partial<PkiOptions> = {}): Promise<ChainGate> {
    const namespace = Netns.create();
    const options: PkiOptions = {
      ...{ interface: 'lo', ports: [443], audience: AUDIENCE, names: RULES, anchors, pin: false },
      ...{ sourceBudget: PLENTY, curveBudget: PLENTY, answerRate: PLENTY },
      widePrefix: { ipv4: 24, ipv6: 48, sources: 1e9 },
      ...changes,
    };
    try {
      return new ChainGate(await namespace.run(() => PkiValidator.attach(options)), namespace);
    } catch (error) {
      namespace[Symbol.dispose]();
      throw error;
    }
  }

  /** What becomes of a chain that comes from a source of its own. */
  async present(chain: readonly Uint8Array[], holder: Pair): Promise<ReasonName> {
    const source = this.nextSource();
    const challenge = this.validator.challengeFor(source);
    const { certificates, signature } = await (
      await Holder.create({ chain, key: pemOf(holder), audience: AUDIENCE })
    ).present(challenge, source);
    return this.validator.admit(source, challenge, { certificates, signature }).reason;
  }

  nextSource(): string {
    const n = this.#sources++;
    return `10.${(n >> 16) & 0xff}.${(n >> 8) & 0xff}.${n & 0xff}`;
  }

  /** Judges a frame, which is nobody's. Returns what is sent back; undefined: nothing. */
  run(data: Uint8Array): Uint8Array | undefined {
    const { returnValue, data: answer } = this.#program.testRun({ data });
    return returnValue === TC_ACT_REDIRECT ? answer : undefined;
  }

  get #program(): Program {
    return (this.validator as unknown as Opened).object.programs.pki;
  }

  [Symbol.dispose](): void {
    this.#namespace.run(() => this.validator.close());
    this.#namespace[Symbol.dispose]();
  }
}
