import { setTimeout as sleep } from 'node:timers/promises';
import type { Failures } from '../gate-client/failures.js';

const LONGEST_SLEEP_MS = 2 ** 31 - 1;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;

export interface KeepOptions<Access, Failure> {
  signal?: AbortSignal;
  /** Called with each renewal. */
  onRenew?: (access: Access) => void;
  /** Called when a renewal fails; it is tried again after 1 second, doubling to 30, until closed. */
  onError: (error: Failure) => void;
}

/** An admission that is renewed in the background. */
export interface Kept<Access> extends AsyncDisposable {
  /** The latest admission; its lifetime may be over while renewals fail. */
  readonly access: Access;
  /** Ends the renewals. The gate still admits the source until its lifetime is over. */
  close(): Promise<void>;
}

type Request<Access> = (signal: AbortSignal | undefined) => Promise<Access>;

/**
 * Makes a request, and makes it again `renewAfter` seconds after each time that it succeeded, until closed or
 * until the signal is aborted. Its timer does not keep the process alive.
 *
 * @throws what the first request throws; later errors of the feature go to `onError`.
 */
export async function keep<Access extends { renewAfter: number }, Failure extends Error>(
  request: Request<Access>,
  options: KeepOptions<Access, Failure>,
  failures: Failures,
): Promise<Kept<Access>> {
  if (typeof options.onError !== 'function') {
    throw new TypeError(`onError is ${typeof options.onError}, expected a function: renewals may fail`);
  }
  const access = await request(options.signal);
  return new Renewal(request, access, options, failures);
}

class Renewal<Access extends { renewAfter: number }, Failure extends Error> implements Kept<Access> {
  readonly #request: Request<Access>;
  readonly #options: KeepOptions<Access, Failure>;
  readonly #failures: Failures;
  readonly #controller = new AbortController();
  readonly #signal: AbortSignal;
  readonly #done: Promise<void>;
  #access: Access;

  constructor(
    request: Request<Access>,
    access: Access,
    options: KeepOptions<Access, Failure>,
    failures: Failures,
  ) {
    this.#request = request;
    this.#options = options;
    this.#failures = failures;
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
    let failed = 0;
    while (await this.#pause(failed)) {
      const error = await this.#renew();
      failed = error ? failed + 1 : 0;
      if (this.#signal.aborted) return;
      if (error) this.#options.onError(error);
      else this.#options.onRenew?.(this.#access);
    }
  }

  async #renew(): Promise<Failure | undefined> {
    try {
      this.#access = await this.#request(this.#signal);
      return undefined;
    } catch (error) {
      if (this.#failures.is(error)) return error as Error as Failure;
      throw error;
    }
  }

  /** Waits until the next request is due; false when there is none, because it was closed. */
  async #pause(failed: number): Promise<boolean> {
    const renewal = Math.max(this.#access.renewAfter, 1) * 1000;
    const retry = Math.min(FIRST_RETRY_MS * 2 ** (failed - 1), LONGEST_RETRY_MS);
    const ms = Math.min(failed > 0 ? retry : renewal, LONGEST_SLEEP_MS);
    try {
      await sleep(ms, undefined, { signal: this.#signal, ref: false });
      return true;
    } catch {
      return false;
    }
  }
}
