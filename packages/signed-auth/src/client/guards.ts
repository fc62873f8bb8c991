export { checkBytes, checkInteger } from '@cryptbpf/core/gate-client';

/** A number of 64 bits that is not 0. */
export function checkUint64(name: string, value: bigint): bigint {
  if (typeof value !== 'bigint') throw new TypeError(`${name} is ${typeof value}, expected bigint`);
  if (value < 1n || value > LAST_UINT64) throw new RangeError(`${name} is ${value}, expected 1 to 2^64 - 1`);
  return value;
}

export const LAST_UINT64 = 2n ** 64n - 1n;
