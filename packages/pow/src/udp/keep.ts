import { setTimeout as sleep } from 'node:timers/promises';
import { PowError } from '../client/errors.js';
import { requestAccess } from './access.js';
import type { Access, AccessOptions } from './options.js';

const LONGEST_SLEEP_MS = 2 ** 31 - 1;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;

export interface KeepAccessOptions extends AccessOptions {
  /** Called with each renewal. */
  onRenew?: (access: Access) => void;
  /** Called when a renewal fails; it is tried again after 1 second, doubling to 30, until closed. */
  onError: (error: PowError) => void;
}

/** An admission that is renewed in the background. */
export interface KeptAccess extends AsyncDisposable {
  /** The latest admission; its lifetime may be over while renewals fail. */
  readonly access: Access;
  /** Ends the renewals. The gate still admits the source until its lifetime is over. */
  close(): Promise<void>;
}

/**
 * Asks a gate for access and renews it before it ends, `renewAfter` seconds after each admission, until
 * closed or until the signal is aborted. Its timer does not keep the process alive.
 *
 * @throws what `requestAccess` throws, for the first request only; later errors go to `onError`.
 *
 * @example
 * await using kept = await keepAccess({ host: 'example.org', onError: (error) => console.warn(error) });
 */
export async function keepAccess(options: KeepAccessOptions): Promise<KeptAccess> {
  if (typeof options.onError !== 'function') {
    throw new TypeError(`onError is ${typeof options.onError}, expected a function: renewals may fail`);
  }
  const access = await requestAccess(options);
  return new Renewal(options, access);
}

class Renewal implements KeptAccess {
  readonly #options: KeepAccessOptions;
  readonly #controller = new AbortController();
  readonly #signal: AbortSignal;
  readonly #done: Promise<void>;
  #access: Access;

  constructor(options: KeepAccessOptions, access: Access) {
    this.#options = options;
    this.#access = access;
    const own = this.#controller.signal;
    this.#signal = options.signal ? AbortSignal.any([own, options.signal]) : own;
    this.#done = this.#run();
  }

  get access(): Access {
    return this.#access;
  }

  async close(): Promise<void> {
    this.#controller.abort();
    await this.#done;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (await this.#pause(failures)) {
      const error = await this.#renew();
      failures = error ? failures + 1 : 0;
      if (this.#signal.aborted) return;
      if (error) this.#options.onError(error);
      else this.#options.onRenew?.(this.#access);
    }
  }

  async #renew(): Promise<PowError | undefined> {
    try {
      this.#access = await requestAccess({ ...this.#options, signal: this.#signal });
      return undefined;
    } catch (error) {
      if (error instanceof PowError) return error;
      throw error;
    }
  }

  /** Waits until the next request is due; false when there is none, because it was closed. */
  async #pause(failures: number): Promise<boolean> {
    const renewal = Math.max(this.#access.renewAfter, 1) * 1000;
    const retry = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
    const ms = Math.min(failures > 0 ? retry : renewal, LONGEST_SLEEP_MS);
    try {
      await sleep(ms, undefined, { signal: this.#signal, ref: false });
      return true;
    } catch {
      return false;
    }
  }
}
