import { reasonName } from '@cryptbpf/core/gate-client';
import { Reason } from '../pki.gen.js';

/* bpf/lib/der.h in TypeScript: DER (X.690), definite lengths as short as they can be, tags of one byte. */

export const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OID: 0x06,
  ENUMERATED: 0x0a,
  UTC_TIME: 0x17,
  TIME: 0x18,
  SEQUENCE: 0x30,
  SET: 0x31,
  CONTEXT: 0x80,
  CONTEXT_HOLDS: 0xa0,
} as const;

const TAG_LONG = 0x1f;
const UTF8 = new TextDecoder();

/** Why bytes are not what they should be, by the gate's number. */
export class Refusal extends Error {
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(reasonName(reason));
    this.reason = reason;
  }
}

export interface Element {
  readonly tag: number;
  /** Where it begins, with its tag. */
  readonly at: number;
  /** Where its contents begin and end. */
  readonly start: number;
  readonly stop: number;
}

/** Reads element by element what lies between two positions. Throws Refusal. */
export class Der {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get hasMore(): boolean {
    return this.at < this.end;
  }

  isNext(tag: number): boolean {
    return this.hasMore && this.bytes[this.at] === tag;
  }

  /** The next element, whatever it is. */
  next(): Element {
    const at = this.at;
    if (at + 2 > this.end) throw new Refusal(Reason.DROP_CERT_DER);
    const tag = this.bytes[at]!;
    const length = this.#length(at + 1);
    if ((tag & TAG_LONG) === TAG_LONG || !length) throw new Refusal(Reason.DROP_CERT_DER);
    const start = at + 1 + length.bytes;
    const stop = start + length.value;
    if (stop > this.end) throw new Refusal(Reason.DROP_CERT_DER);
    this.at = stop;
    return { tag, at, start, stop };
  }

  /** The next element, which must have that tag. */
  take(tag: number, otherwise: Reason): Element {
    if (!this.hasMore) throw new Refusal(otherwise);
    const element = this.next();
    if (element.tag !== tag) throw new Refusal(otherwise);
    return element;
  }

  /** A reader of what is in the element. */
  enter(element: Element): Der {
    return new Der(this.bytes, element.start, element.stop);
  }

  /** Nothing must be left. */
  finish(otherwise: Reason): void {
    if (this.hasMore) throw new Refusal(otherwise);
  }

  contents({ start, stop }: Element): Uint8Array {
    return this.bytes.subarray(start, stop);
  }

  /** The element itself, with tag and length. */
  whole({ at, stop }: Element): Uint8Array {
    return this.bytes.subarray(at, stop);
  }

  text(element: Element): string {
    return UTF8.decode(this.contents(element));
  }

  /** In as few bytes as it takes; one of four bytes only in lists that are read here alone. */
  #length(at: number): { bytes: number; value: number } | undefined {
    const first = this.bytes[at]!;
    if (first < 0x80) return { bytes: 1, value: first };
    const count = first & 0x7f;
    if (count === 0 || count > 4) return undefined;
    let value = 0;
    for (let i = 1; i <= count; i++) value = value * 256 + (this.bytes[at + i] ?? 0);
    const least = count === 1 ? 0x80 : 256 ** (count - 1);
    return value < least ? undefined : { bytes: 1 + count, value };
  }
}
