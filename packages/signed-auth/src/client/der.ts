import { SignedAuthError } from './errors.js';

export const Tag = { INTEGER: 0x02, OCTET_STRING: 0x04, OID: 0x06, SEQUENCE: 0x30 } as const;

/** Reads DER element by element. @throws SignedAuthError `ERR_SIGNED_AUTH_KEY` when it is malformed. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The contents of the next element, which must have this tag. */
  take(tag: number): Uint8Array {
    if (this.#bytes[this.#at] !== tag) throw malformed(`tag 0x${tag.toString(16)} is missing`);
    this.#at += 1;
    const length = this.#length();
    const contents = this.#bytes.subarray(this.#at, this.#at + length);
    if (contents.length !== length) throw malformed('it is cut short');
    this.#at += length;
    return contents;
  }

  /** Whether an element with this tag comes next. */
  has(tag: number): boolean {
    return this.#bytes[this.#at] === tag;
  }

  enter(tag: number): DerReader {
    return new DerReader(this.take(tag));
  }

  /** A length of up to 16 bits, which is more than any key needs. */
  #length(): number {
    const [first = 0xff, second = 0, third = 0] = this.#bytes.subarray(this.#at, this.#at + 3);
    const extra = first < 0x80 ? 0 : first & 0x7f;
    if (extra > 2) throw malformed('a length is out of range');
    this.#at += 1 + extra;
    if (extra === 0) return first;
    return extra === 1 ? second : (second << 8) | third;
  }
}

/** An element whose contents are shorter than 128 bytes. */
export function der(tag: number, ...contents: (Uint8Array | number[])[]): number[] {
  const flat = contents.flatMap((part) => [...part]);
  return flat.length < 0x80 ? [tag, flat.length, ...flat] : [tag, 0x81, flat.length, ...flat];
}

function malformed(why: string): SignedAuthError {
  return new SignedAuthError('ERR_SIGNED_AUTH_KEY', `the PEM holds no key that is understood: ${why}`);
}
