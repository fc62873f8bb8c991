import type { ChildProcess, StdioOptions } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Exit, Failure } from '../failure.js';
import { Networks } from './networks.js';

/** Networks, a folder and processes that are gone when this is disposed of. */
export class Stage implements Disposable {
  readonly networks = new Networks();
  readonly folder = mkdtempSync(join(tmpdir(), 'cryptbpf-stage-'));
  readonly #children: ChildProcess[] = [];

  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  spawn(where: 'host' | 'peer', args: readonly string[], stdio: StdioOptions): ChildProcess {
    const child = this.networks.spawn(where, args, { stdio });
    this.#children.push(child);
    return child;
  }

  /** A process that prints lines of JSON; line() throws Failure when there is no more, or an error. */
  start(where: 'host' | 'peer', args: readonly string[]) {
    const child = this.spawn(where, args, ['pipe', 'pipe', 'inherit']);
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const line = async () => {
      const { value, done } = await lines.next();
      if (done) throw new Failure(Exit.FAILED, `${where} ended before it was through`);
      const read = JSON.parse(value);
      if (read.error) throw new Failure(Exit.FAILED, read.error);
      return read;
    };
    const tell = (command: string) => {
      child.stdin!.write(`${command}\n`);
      return line();
    };
    return { child, line, tell };
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL');
    this.networks[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
