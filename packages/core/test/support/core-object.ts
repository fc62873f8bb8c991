import type { BpfObject } from '../../src/index.js';
import { type CoreTestObject, openCoreTest } from '../core_test.gen.js';
import { objectUrl } from './objects.js';

export type CoreObject = BpfObject<CoreTestObject>;

/** bpf/test/core_test.bpf.c, opened. */
export function openCore() {
  return openCoreTest(objectUrl('core_test'));
}

/** The same, loaded: `using core = loadCore()`. */
export function loadCore(): CoreObject {
  return openCore().load();
}

/** An Ethernet frame of so many bytes that is for nobody. */
export function frameOf(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(0xee, 0, 12);
}

/** Makes core_emit write count events. */
export function emit(core: CoreObject, count: number, first = 0): void {
  core.programs.core_emit.testRun({ context: new Uint8Array(Uint32Array.of(count, first).buffer) });
}
