import type { Reason } from '@cryptbpf/core';
import type { TwinState } from '../twin/state.js';
import type { Judged, TestGate } from './gate.js';
import type { Setup } from './setup.js';

/** One packet to a gate in some state, and what becomes of it. */
export interface Case {
  /** The second half of a sentence that begins with "a gate". */
  name: string;
  /** A function where it depends on the gate's clock. */
  frame: Uint8Array | ((gate: TestGate) => Uint8Array);
  setup?: Partial<Setup>;
  before?: (gate: TestGate, twin: TwinState) => void;
  /** The first one is the verdict; what is counted besides comes behind it. */
  reasons: readonly Reason[];
  action: Judged['action'];
  /** Rates, room and the chain are not the twin's. */
  twinless?: boolean;
}
