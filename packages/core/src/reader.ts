import { BpfError } from './errors.js';

const decoder = new TextDecoder();

/** Reads little-endian numbers and strings, and refuses to read past the end. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;

  /** `what` names the bytes in errors, as in "elf header". */
  constructor(bytes: Uint8Array, what: string) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  u8(offset: number): number {
    this.#check(offset, 1);
    return this.#view.getUint8(offset);
  }

  u16(offset: number): number {
    this.#check(offset, 2);
    return this.#view.getUint16(offset, true);
  }

  u32(offset: number): number {
    this.#check(offset, 4);
    return this.#view.getUint32(offset, true);
  }

  i32(offset: number): number {
    this.#check(offset, 4);
    return this.#view.getInt32(offset, true);
  }

  /** A 64-bit offset or size; what does not fit a double lies outside every object. */
  u64(offset: number): number {
    this.#check(offset, 8);
    return Number(this.#view.getBigUint64(offset, true));
  }

  slice(offset: number, size: number): Uint8Array {
    this.#check(offset, size);
    return this.bytes.subarray(offset, offset + size);
  }

  /** The string that starts at `offset` and ends before a zero byte. */
  string(offset: number): string {
    this.#check(offset, 1);
    const end = this.bytes.indexOf(0, offset);
    if (end < 0) throw new BpfError('ERR_BAD_OBJECT', `${this.#what}: string at ${offset} has no end`);
    return decoder.decode(this.bytes.subarray(offset, end));
  }

  #check(offset: number, size: number): void {
    if (offset + size <= this.bytes.length) return;
    throw new BpfError(
      'ERR_BAD_OBJECT',
      `${this.#what} is truncated: ${size} bytes at ${offset} wanted, it has ${this.bytes.length}`,
    );
  }
}
