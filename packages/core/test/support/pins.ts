import { rmSync } from 'node:fs';
import { BPFFS } from '../../src/pin.js';

let made = 0;

/** A directory of pins for one test: `using pins = pinDirectory()` removes it. */
export function pinDirectory(): Disposable & { path: string } {
  const path = `${BPFFS}/cryptbpf-test-${process.pid}-${made++}`;
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
