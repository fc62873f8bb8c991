const PATIENCE_MS = 5000;
const STEP_MS = 1;
const idle = new Int32Array(new SharedArrayBuffer(4));

/**
 * Waits, without leaving the thread, until condition holds, and returns whether it did: what comes in by a virtual
 * interface is judged at once as a rule, but later where the kernel is busy.
 */
export function until(condition: () => boolean): boolean {
  for (const end = performance.now() + PATIENCE_MS; !condition(); ) {
    if (performance.now() > end) return false;
    Atomics.wait(idle, 0, 0, STEP_MS);
  }
  return true;
}
