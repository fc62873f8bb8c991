import { ADDRESS_LENGTH, addressBytes } from '@cryptbpf/core/gate-client';
import { PkiError } from './errors.js';
import { type MessageSigner, type PrivateKey, signerOf } from './key.js';
import {
  encodeCertificates,
  LONGEST_MESSAGE,
  MOST_CERTIFICATES,
  messageLength,
  type Presented,
  RECEIPT_LENGTH,
} from './message.js';
import { pemBlocks } from './pem.js';

const LABEL_LENGTH = 32;
/** What the signature is for. */
export const LABEL = 'cryptbpf pki v1';

export interface HolderOptions {
  /** The certificate and the CAs above it, in that order, without the root: PEM, or each as DER. */
  chain: string | readonly Uint8Array[];
  key: PrivateKey;
  /** The name that the gate's operator chose for the service: the signature is good for no other. */
  audience: string;
  /** Longest message in bytes, at most 1400, the default: less where a path carries less. */
  longestMessage?: number;
}

/** Who holds a certificate and its key. */
export class Holder {
  /** DER, the leaf first. */
  readonly certificates: readonly Uint8Array[];
  readonly #signer: MessageSigner;
  readonly #audience: Uint8Array;
  readonly #longest: number;

  private constructor(
    certificates: readonly Uint8Array[],
    signer: MessageSigner,
    audience: Uint8Array,
    longest: number,
  ) {
    this.certificates = certificates;
    this.#signer = signer;
    this.#audience = audience;
    this.#longest = longest;
  }

  /** @throws PkiError `ERR_PKI_KEY`, `ERR_PKI_CHAIN`; TypeError, RangeError. */
  static async create({
    chain,
    key,
    audience,
    longestMessage = LONGEST_MESSAGE,
  }: HolderOptions): Promise<Holder> {
    if (typeof audience !== 'string' || audience === '')
      throw new TypeError(
        `audience is ${JSON.stringify(audience)}, expected the name that the gate's operator chose`,
      );
    if (!Number.isInteger(longestMessage) || longestMessage < 512 || longestMessage > LONGEST_MESSAGE)
      throw new RangeError(
        `longestMessage is ${longestMessage}, expected an integer from 512 to ${LONGEST_MESSAGE}`,
      );
    const certificates = typeof chain === 'string' ? pemBlocks(chain, 'CERTIFICATE') : [...chain];
    if (certificates.length === 0) throw new PkiError('ERR_PKI_CHAIN', 'the chain has no certificate');
    const digest = await sha256(new TextEncoder().encode(audience));
    return new Holder(certificates, await signerOf(key), digest, longestMessage);
  }

  /**
   * What to present, message by message: CAs for which a receipt is wanted first, which goes in front of the next
   * ones, and the leaf in the last one.
   *
   * @throws PkiError `ERR_PKI_CHAIN` for a certificate that is longer than messages can be.
   */
  steps(): Uint8Array[][] {
    const steps: Uint8Array[][] = [];
    const left = [...this.certificates];
    while (left.length > 0) {
      const step: Uint8Array[] = [];
      const receipt = steps.length > 0 ? { receipt: new Uint8Array(RECEIPT_LENGTH) } : {};
      const fits = (next: Uint8Array) =>
        step.length < MOST_CERTIFICATES &&
        messageLength({ ...receipt, certificates: [next, ...step] }) <= this.#longest;
      while (left.length > 0 && fits(left.at(-1)!)) step.unshift(left.pop()!);
      if (step.length === 0) throw tooLong(left.at(-1)!, this.#longest);
      steps.push(step);
    }
    return steps;
  }

  /** The signature that a presentation needs. source: the own address as it is in the challenge message, or its 16 bytes. */
  async sign(
    challenge: Uint8Array,
    source: string | Uint8Array,
    certificates: readonly Uint8Array[],
  ): Promise<Uint8Array> {
    const address = typeof source === 'string' ? addressBytes(source) : source;
    if (address.length !== ADDRESS_LENGTH)
      throw new RangeError(`source is ${address.length} bytes, expected ${ADDRESS_LENGTH}`);
    const digest = await sha256(encodeCertificates(certificates));
    return this.#signer.signMessage(transcript(this.#audience, challenge, address, digest));
  }

  /** Certificates and signature of a single message, for a transport of one's own: see `PkiValidator.admit`. */
  async present(
    challenge: Uint8Array,
    source: string | Uint8Array,
  ): Promise<Presented & { signature: Uint8Array }> {
    const { certificates } = this;
    return { certificates, signature: await this.sign(challenge, source, certificates) };
  }
}

/** What the holder signs. */
export function transcript(
  audience: Uint8Array,
  challenge: Uint8Array,
  source: Uint8Array,
  certificates: Uint8Array,
): Uint8Array {
  const message = new Uint8Array(LABEL_LENGTH + 32 + 32 + ADDRESS_LENGTH + 32);
  message.set(new TextEncoder().encode(LABEL));
  message.set(audience, 32);
  message.set(challenge, 64);
  message.set(source, 96);
  message.set(certificates, 112);
  return message;
}

async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  const { crypto } = globalThis as unknown as {
    crypto?: { subtle?: { digest(name: string, bytes: Uint8Array): Promise<ArrayBuffer> } };
  };
  if (!crypto?.subtle)
    throw new PkiError('ERR_PKI_KEY', 'this runtime has no WebCrypto here (browsers: only over https)');
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

function tooLong({ length }: Uint8Array, longest: number): PkiError {
  return new PkiError(
    'ERR_PKI_CHAIN',
    `a certificate of ${length} bytes does not fit a message of ${longest}: give the gate its issuer as an intermediate, or present it to the application`,
  );
}
