import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BUILD = fileURLToPath(new URL('../../build/bench/', import.meta.url));
const COMPILERS = ['gcc', 'clang-19', 'clang'];

/** A program in C, compiled here, that answers a line of numbers for each command. */
export class CProgram {
  #name;
  #process;
  #lines;

  /** library: what it is linked with, such as "bpf" */
  constructor(source, library, args = []) {
    this.#name = basename(source.pathname, '.c');
    const program = compile(fileURLToPath(source), `${BUILD}${this.#name}`, library);
    this.#process = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async ask(command) {
    this.#process.stdin.write(`${command}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.#name}.c ended at the command "${command}"`);
    return value.split(' ').map(Number);
  }

  close() {
    this.#process.stdin.end();
  }
}

function compile(source, output, library) {
  mkdirSync(BUILD, { recursive: true });
  for (const compiler of COMPILERS) {
    const args = ['-O2', '-o', output, source, `-l${library}`];
    const { error, status } = spawnSync(compiler, args, { stdio: 'inherit' });
    if (error) continue;
    if (status === 0) return output;
    throw new Error(`${compiler} could not build ${source}: does it find lib${library} and its headers?`);
  }
  throw new Error(`no C compiler: install one of ${COMPILERS.join(', ')}`);
}
