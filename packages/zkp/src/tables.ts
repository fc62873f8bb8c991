import type { ArrayMap } from '@cryptbpf/core';
import { P256Layout, p256GeneratorTable, p256Table } from '@cryptbpf/core/crypto';

/** Tables of points in the program's memory, by their numbers: without its table, no point is computed with. */
export class Tables {
  readonly #layout: P256Layout;
  readonly #memory: Uint8Array;

  constructor(map: Pick<ArrayMap<unknown>, 'view'>, layout: P256Layout) {
    const { buffer, byteOffset, byteLength } = map.view();
    this.#memory = new Uint8Array(buffer, byteOffset, byteLength);
    this.#layout = layout;
  }

  /** Before anything can be checked. */
  async writeGenerator(): Promise<void> {
    this.#memory.set(await p256GeneratorTable(this.#layout.widths.generator));
  }

  /** The table of a point in SEC 1 form. Nothing may use that number meanwhile. */
  async write(number: number, point: Uint8Array): Promise<void> {
    this.#memory.set(await p256Table(point, this.#layout.widths.key), this.#layout.keyOffset(number));
  }
}

export function layoutOf(tables: number, width: number): P256Layout {
  return new P256Layout(tables, { generator: width, key: width });
}
