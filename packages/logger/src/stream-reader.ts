import { type Cipher, openRecord } from './cipher.js';
import type { Location } from './entries.js';
import type { Epoch } from './epoch.js';
import { wipe } from './keys.js';
import { Ratchet } from './ratchet.js';
import type { Losses } from './record.js';
import type { Header } from './wire.js';

/** Keys from a step of the ratchet on: that of the step, and the chain behind it. */
interface Keys {
  readonly step: number;
  readonly cipher: Cipher;
  readonly key: Buffer;
  readonly chain: Ratchet;
}

/** Sequences from from up to, and without, to that did not come, before the record at the location. */
export interface Gap {
  from: number;
  to: number;
  readonly keys: Keys;
  readonly at: Location;
}

export interface Found {
  readonly sequence: number;
  readonly text: Buffer;
  /** undefined: it was opened elsewhere. */
  readonly keys: Keys | undefined;
  readonly gap: Gap | undefined;
}

/** How many steps a record may be ahead: what a forged header can make us calculate. */
const STEPS_AHEAD_MAX = 1 << 18;

/** One stream of one epoch: which sequences have come, and the keys of those that have not. */
export class StreamReader {
  readonly gaps: Gap[] = [];
  expected = 0;
  closed = false;
  last: Location | undefined;
  /** Counters of losses in its newest record. */
  lost: Losses | undefined;
  readonly #recordsPerKey: number;
  /** Of the newest record, or of one before it, when others were opened elsewhere. */
  #keys: Keys;

  /** chain is wiped. */
  constructor(chain: Buffer, { cipher, recordsPerKey }: Pick<Epoch, 'cipher' | 'recordsPerKey'>) {
    this.#recordsPerKey = recordsPerKey;
    const ratchet = new Ratchet(chain);
    wipe(chain);
    this.#keys = { step: 0, cipher, key: ratchet.next(), chain: ratchet };
  }

  /** Opens a record that has not come yet, and changes nothing that can be seen: see accept(). */
  find(header: Header, frame: Buffer): Found | undefined {
    const { sequence } = header;
    const gap = this.#gapOf(sequence);
    if (sequence < this.expected && !gap) return undefined;
    const keys = this.#keysOf(gap?.keys ?? this.#newestKeys(), this.#stepOf(sequence));
    if (!keys) return undefined;
    const text = openRecord(keys, frame, sequence);
    return text && { sequence, text, keys, gap };
  }

  /** The same of a record that was opened elsewhere. */
  opened({ sequence }: Header, text: Buffer): Found | undefined {
    const gap = this.#gapOf(sequence);
    if (sequence < this.expected && !gap) return undefined;
    return { sequence, text, keys: undefined, gap };
  }

  /** Whether a record of this sequence has come. */
  isKnown(sequence: number): boolean {
    return sequence < this.expected && !this.#gapOf(sequence);
  }

  /** Takes note of it. Returns whether later ones came before. */
  accept({ sequence, keys, gap }: Found, at: Location): boolean {
    if (gap) {
      this.#fill(gap, sequence);
      return true;
    }
    if (sequence > this.expected)
      this.gaps.push({ from: this.expected, to: sequence, keys: this.#newestKeys(), at });
    this.expected = sequence + 1;
    this.#keys = keys ?? this.#keys;
    this.last = at;
    return false;
  }

  #gapOf(sequence: number): Gap | undefined {
    if (sequence >= this.expected) return undefined;
    return this.gaps.find(({ from, to }) => from <= sequence && sequence < to);
  }

  #stepOf(sequence: number): number {
    return Math.floor(sequence / this.#recordsPerKey);
  }

  /** Once and for all, so that forged records cannot make us calculate it again and again. */
  #newestKeys(): Keys {
    const step = this.#stepOf(Math.max(0, this.expected - 1));
    if (this.#keys.step < step) this.#keys = keysAt(this.#keys, step);
    return this.#keys;
  }

  #keysOf(from: Keys, step: number): Keys | undefined {
    if (step === from.step) return from;
    if (step < from.step || step - from.step > STEPS_AHEAD_MAX) return undefined;
    return keysAt(from, step);
  }

  #fill(gap: Gap, sequence: number): void {
    const { from, to, keys, at } = gap;
    const rest = [
      { from, to: sequence, keys, at },
      { from: sequence + 1, to, keys, at },
    ].filter((part) => part.from < part.to);
    this.gaps.splice(this.gaps.indexOf(gap), 1, ...rest);
  }
}

/** Of a later step. */
function keysAt({ cipher, chain }: Keys, step: number): Keys {
  const later = chain.clone();
  later.skipTo(BigInt(step));
  return { step, cipher, key: later.next(), chain: later };
}
