/** @throws TypeError for what is no Uint8Array, RangeError for one of another length. */
export function checkBytes(name: string, value: unknown, length?: number): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${name} is ${typeof value}, expected Uint8Array`);
  if (length !== undefined && value.length !== length) {
    throw new RangeError(`${name} is ${value.length} bytes, expected ${length}`);
  }
}

/** The value, when it is an integer of that range. @throws RangeError */
export function checkInteger(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${name} is ${value}, expected an integer from ${min} to ${max}`);
}
