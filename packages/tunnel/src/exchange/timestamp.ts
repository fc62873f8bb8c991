export const TIMESTAMP_BYTES = 12;

/** 1970 in TAI64, with the ten leap seconds of that time. */
const EPOCH = 0x400000000000000an;
const NS_PER_SECOND = 1_000_000_000n;
/** Nanoseconds are cut to 2^24, 17 ms, so that a timestamp tells little of how fast we are. */
const WHITENED = ~0xffffffn;

/** TAI64N (cr.yp.to/libtai/tai64.html) of a Unix time in nanoseconds. */
export function timestampOf(unixNs: bigint): Uint8Array {
  const timestamp = new Uint8Array(TIMESTAMP_BYTES);
  const view = new DataView(timestamp.buffer);
  view.setBigUint64(0, EPOCH + unixNs / NS_PER_SECOND);
  view.setUint32(8, Number((unixNs % NS_PER_SECOND) & WHITENED));
  return timestamp;
}

export function isAfter(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) > 0;
}
