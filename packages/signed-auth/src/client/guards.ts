export function checkBytes(name: string, value: unknown, length?: number): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${name} is ${typeof value}, expected Uint8Array`);
  if (length !== undefined && value.length !== length) {
    throw new RangeError(`${name} is ${value.length} bytes, expected ${length}`);
  }
}

export function checkInteger(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${name} is ${value}, expected an integer from ${min} to ${max}`);
}

/** A number of 64 bits that is not 0. */
export function checkUint64(name: string, value: bigint): bigint {
  if (typeof value !== 'bigint') throw new TypeError(`${name} is ${typeof value}, expected bigint`);
  if (value < 1n || value > LAST_UINT64) throw new RangeError(`${name} is ${value}, expected 1 to 2^64 - 1`);
  return value;
}

export const LAST_UINT64 = 2n ** 64n - 1n;
