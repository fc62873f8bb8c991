import { CProgram } from '../lib/c-program.mjs';

const SOURCE = new URL('openssl.c', import.meta.url);

/** libcrypto, on the same core as the programs of the benchmark. */
export class OpenSsl {
  #program;

  constructor(cpu) {
    this.#program = new CProgram(SOURCE, 'crypto', [String(cpu)]);
  }

  /** Nanoseconds of one of so many of an operation of openssl.c. */
  async time(operation, count) {
    const [right, ns] = await this.#program.ask(`${operation} ${count}`);
    if (right !== count) throw new Error(`${operation}: ${right} of ${count} results of OpenSSL were right`);
    return ns / count;
  }

  close() {
    this.#program.close();
  }
}
