import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('consumer.c', import.meta.url));
const BUILD = fileURLToPath(new URL('../../build/bench/', import.meta.url));
const COMPILERS = ['gcc', 'clang-19', 'clang'];

/** The program in C, compiled here, that answers a line of numbers for each command. */
export class Consumer {
  #process;
  #lines;

  constructor() {
    this.#process = spawn(compile(), { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async ask(command) {
    this.#process.stdin.write(`${command}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the program in C ended at the command "${command}"`);
    return value.split(' ').map(Number);
  }

  close() {
    this.#process.stdin.end();
  }
}

function compile() {
  mkdirSync(BUILD, { recursive: true });
  const output = `${BUILD}consumer`;
  for (const compiler of COMPILERS) {
    const { error, status } = spawnSync(compiler, ['-O2', '-o', output, SOURCE, '-lbpf'], {
      stdio: 'inherit',
    });
    if (error) continue;
    if (status === 0) return output;
    throw new Error(
      `${compiler} could not build ${SOURCE}: does it find libbpf and its headers (libbpf-dev)?`,
    );
  }
  throw new Error(`no C compiler: install one of ${COMPILERS.join(', ')}`);
}
