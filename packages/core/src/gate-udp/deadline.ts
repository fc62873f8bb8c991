import type { Failures } from '../gate-client/failures.js';
import type { ResolvedReach } from './options.js';

/** The caller's signal and the timeout in one signal, whose reason is the error to throw. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal | undefined;
  readonly #onAbort: () => void;

  constructor({ signal, timeout, host, port }: ResolvedReach, failures: Failures) {
    this.#caller = signal;
    this.#onAbort = () => this.#controller.abort(failures.aborted(signal!));
    this.#timer = setTimeout(() => {
      const message = `no access to ${host}:${port} within ${timeout} ms`;
      this.#controller.abort(failures.make('timeout', message));
    }, timeout);
    if (signal?.aborted) this.#onAbort();
    signal?.addEventListener('abort', this.#onAbort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.#onAbort);
  }
}
