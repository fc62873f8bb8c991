import type { ObjectSpec } from '../spec.js';
import type { Part } from './attachment.js';
import type { GateShape } from './gate-store.js';

/** What a feature adds to the gate: its object, whose program holds the proof check, and its magic number. */
export interface GateFeature extends Part {
  readonly name: string;
  readonly open: () => ObjectSpec<GateShape>;
  readonly magic: number;
}
