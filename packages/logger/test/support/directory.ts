import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory for a test: `using directory = new Directory()` removes it. */
export class Directory implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'cryptbpf-logger-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
