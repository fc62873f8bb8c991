import { createSocket, type Socket } from 'node:dgram';
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import type { Failures } from '../gate-client/failures.js';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 4000;

export interface ExchangeOptions {
  port: number;
  localAddress?: string;
  /** How often a message is sent again. */
  retries: number;
  /** Ends every wait; its reason is thrown. */
  signal: AbortSignal;
  failures: Failures;
}

/** Takes what it waits for out of a datagram, undefined for anything else. */
export type Accept<T> = (datagram: Uint8Array) => T | undefined;

/** One connected UDP socket to one address of a gate: questions, answers, and the patience between. */
export class Exchange implements Disposable {
  readonly #socket: Socket;
  readonly #gate: LookupAddress;
  readonly #options: ExchangeOptions;
  #remote: { address: string; port: number } | undefined;
  #accept: (datagram: Uint8Array) => void = () => {};
  #lastError: Error | undefined;

  private constructor(gate: LookupAddress, options: ExchangeOptions) {
    this.#gate = gate;
    this.#options = options;
    this.#socket = createSocket(gate.family === 6 ? 'udp6' : 'udp4');
    this.#socket.on('message', (datagram, from) => {
      // What came between bind and connect may be from anybody.
      if (from.address === this.#remote?.address && from.port === this.#remote.port) this.#accept(datagram);
    });
  }

  /** @throws a `network` failure when there is no way to the address. */
  static async open(gate: LookupAddress, options: ExchangeOptions): Promise<Exchange> {
    const exchange = new Exchange(gate, options);
    try {
      await exchange.#connect();
      return exchange;
    } catch (error) {
      exchange[Symbol.dispose]();
      const message = `cannot reach ${exchange.#name}: ${(error as Error).message}`;
      throw options.failures.make('network', message, { cause: error });
    }
  }

  async #connect(): Promise<void> {
    const { port, localAddress } = this.#options;
    this.#socket.bind({ address: localAddress, exclusive: true });
    await once(this.#socket, 'listening');
    this.#socket.connect(port, this.#gate.address);
    await once(this.#socket, 'connect');
    this.#remote = this.#socket.remoteAddress();
    // A refusal (ICMP) may be forged or pass: it is remembered, and told if nothing better comes.
    this.#socket.on('error', (error) => {
      this.#lastError = error;
    });
  }

  /**
   * Sends `message` until `accept` takes an answer, each time with twice the patience.
   *
   * @throws a `timeout` failure when all of them stay without one.
   */
  async ask<T>(message: Uint8Array, accept: Accept<T>): Promise<T> {
    for (let attempt = 0; attempt <= this.#options.retries; attempt++) {
      const answer = this.listen(accept, waitBefore(attempt));
      this.#send(message);
      const taken = await answer;
      if (taken !== undefined) return taken;
    }
    const tries = this.#options.retries + 1;
    const why = this.#lastError ? ` (${this.#lastError.message})` : '';
    throw this.#options.failures.make('timeout', `no answer from ${this.#name} to ${tries} messages${why}`, {
      cause: this.#lastError,
    });
  }

  /** Waits up to `ms` milliseconds for a datagram that `accept` takes. */
  async listen<T>(accept: Accept<T>, ms: number): Promise<T | undefined> {
    const { signal, failures } = this.#options;
    if (signal.aborted) throw failures.aborted(signal);
    let onAbort = () => {};
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<T | undefined>((resolve, reject) => {
        timer = setTimeout(resolve, ms, undefined);
        onAbort = () => reject(failures.aborted(signal));
        signal.addEventListener('abort', onAbort);
        this.#accept = (datagram) => {
          const taken = accept(datagram);
          if (taken !== undefined) resolve(taken);
        };
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      this.#accept = () => {};
    }
  }

  #send(message: Uint8Array): void {
    this.#socket.send(message, (error) => {
      if (error) this.#lastError = error;
    });
  }

  get #name(): string {
    const { address, family } = this.#gate;
    return `${family === 6 ? `[${address}]` : address}:${this.#options.port}`;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** Half a second, doubled each time up to four, a quarter more or less so that clients do not march in step. */
function waitBefore(attempt: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS) * (0.75 + Math.random() / 2);
}
