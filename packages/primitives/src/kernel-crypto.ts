import type { P256Widths } from '@cryptbpf/core/crypto';
import { AesGcmCrypto, type AesGcmOptions } from './aes-gcm.js';
import { SoftAesGcm } from './aes-gcm-soft.js';
import { ChaChaCrypto } from './chacha.js';
import { HashCrypto } from './hashes.js';
import { KernelP256 } from './p256.js';
import { KernelEcdsa, type WideCurve } from './p384.js';
import { ReplayCrypto } from './replay.js';

/**
 * The primitives of bpf/lib, each run in the kernel by BPF_PROG_TEST_RUN on its arguments. Objects are loaded when they
 * are first asked for, and closed with this one.
 */
export class KernelCrypto implements Disposable {
  readonly #shared = new Map<string, Disposable>();
  readonly #owned: Disposable[] = [];

  /** SHA-256, 384 and 512, HMAC, HKDF, SipHash, the ratchet. */
  get hashes(): HashCrypto {
    return this.#share('hashes', () => new HashCrypto());
  }

  get chacha(): ChaChaCrypto {
    return this.#share('chacha', () => new ChaChaCrypto());
  }

  /** AES-256-GCM in BPF alone. */
  get softAesGcm(): SoftAesGcm {
    return this.#share('softAesGcm', () => new SoftAesGcm());
  }

  get replay(): ReplayCrypto {
    return this.#share('replay', () => new ReplayCrypto());
  }

  /** ECDSA on P-384 or P-521. */
  ecdsa(curve: WideCurve): KernelEcdsa {
    return this.#share(curve, () => new KernelEcdsa(curve));
  }

  /** AES-256-GCM by the kernel's AES (6.10+): a new one each time. */
  aesGcm(options?: AesGcmOptions): AesGcmCrypto {
    return this.#own(new AesGcmCrypto(options));
  }

  /** ECDSA and sums on P-256, with room for the tables of so many keys: a new one each time. */
  async p256(keys: number, widths?: P256Widths): Promise<KernelP256> {
    return this.#own(await KernelP256.load(keys, widths));
  }

  #share<T extends Disposable>(name: string, load: () => T): T {
    const found = this.#shared.get(name) ?? load();
    this.#shared.set(name, found);
    return found as T;
  }

  #own<T extends Disposable>(harness: T): T {
    this.#owned.push(harness);
    return harness;
  }

  [Symbol.dispose](): void {
    for (const harness of [...this.#shared.values(), ...this.#owned.splice(0)]) harness[Symbol.dispose]();
    this.#shared.clear();
  }
}

export function kernelCrypto(): KernelCrypto {
  return new KernelCrypto();
}
