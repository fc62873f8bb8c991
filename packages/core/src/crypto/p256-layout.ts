import { BpfError } from '../errors.js';
import { ENTRY_BYTES, entriesOf, windowsOf } from './p256-build.js';

/* How many bits of a scalar a table entry stands for, and what that costs in memory. */

/** Bits of a window, in the generator's table and in those of keys: each is one of P256_WIDTHS. */
export interface P256Widths {
  readonly generator: number;
  readonly key: number;
}

/**
 * The widths that bpf/lib/p256_tables.h takes. The wider, the faster, and the more memory: 32 KiB a key at 4 bits,
 * 256 KiB at 8, 5 MiB at 13; beyond that, caches lose what additions gain. 5 is not offered: its last window would
 * begin too close to the scalar's end for the proof that additions need no checks.
 */
export const P256_WIDTHS: readonly number[] = [4, 6, 7, 8, 9, 10, 11, 12, 13];

/** 256 KiB for the generator, and as much for each key. */
export const P256_DEFAULT_WIDTHS: P256Widths = { generator: 8, key: 8 };

/** Where the tables of the generator and of so many keys lie in a program's map p256_entries. */
export class P256Layout {
  readonly widths: P256Widths;
  readonly keys: number;

  /** Throws ERR_BAD_OPTION for a width that is not offered, and for more entries than a map can have. */
  constructor(keys: number, widths: P256Widths = P256_DEFAULT_WIDTHS) {
    checkWidth(widths.generator);
    checkWidth(widths.key);
    this.widths = { ...widths };
    this.keys = keys;
    if (!Number.isInteger(keys) || keys < 0 || this.entries >= 2 ** 32) {
      const message = `${keys} keys do not fit a map at ${widths.key} bits a window: give fewer, or a smaller width`;
      throw new BpfError('ERR_BAD_OPTION', message);
    }
  }

  /** The fastest for so many keys whose tables fit. Throws ERR_BAD_OPTION when not even the smallest do. */
  static within(bytes: number, keys: number): P256Layout {
    const [best] = P256_WIDTHS.flatMap((generator) => P256_WIDTHS.map((key) => ({ generator, key })))
      .filter((widths) => entriesWith(keys, widths) * ENTRY_BYTES <= bytes)
      .map((widths) => new P256Layout(keys, widths))
      .sort((a, b) => a.additions - b.additions || a.bytes - b.bytes);
    if (best) return best;
    const least = entriesWith(keys, { generator: 4, key: 4 }) * ENTRY_BYTES;
    throw new BpfError(
      'ERR_BAD_OPTION',
      `tables for ${keys} keys need ${least} bytes, not ${bytes}: give more`,
    );
  }

  /** For the map's max_entries. */
  get entries(): number {
    return entriesWith(this.keys, this.widths);
  }

  /** Of the whole map. */
  get bytes(): number {
    return this.entries * ENTRY_BYTES;
  }

  /** The point additions that a verification takes. */
  get additions(): number {
    return windowsOf(this.widths.generator) + windowsOf(this.widths.key);
  }

  /** Where the table of a key begins in the map, in bytes. The generator's begins at 0. */
  keyOffset(key: number): number {
    if (!Number.isInteger(key) || key < 0 || key >= this.keys) {
      throw new BpfError('ERR_BAD_VALUE', `key ${key} is not one of ${this.keys}`);
    }
    return (entriesOf(this.widths.generator) + key * entriesOf(this.widths.key)) * ENTRY_BYTES;
  }
}

function entriesWith(keys: number, { generator, key }: P256Widths): number {
  return entriesOf(generator) + keys * entriesOf(key);
}

export function checkWidth(width: number): void {
  if (P256_WIDTHS.includes(width)) return;
  throw new BpfError(
    'ERR_BAD_OPTION',
    `width of a table is ${width} bits, expected one of ${P256_WIDTHS.join(', ')}`,
  );
}
