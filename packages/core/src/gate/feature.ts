import type { ObjectSpec } from '../spec.js';
import type { GateShape } from './store.js';

/** What a feature adds to the gate: its object, whose program holds the proof check, and its magic number. */
export interface GateFeature {
  readonly name: string;
  readonly open: () => ObjectSpec<GateShape>;
  readonly program: string;
  readonly hook: { readonly kind: 'xdp'; readonly slot: number } | { readonly kind: 'tc' };
  readonly magic: number;
}
