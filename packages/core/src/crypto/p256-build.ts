/* A table of a point of P-256 as bpf/lib/p256_tables.h reads it. Pure: runs in a worker. */

const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
/** Coordinates are stored times R = 2^MONTGOMERY. */
const MONTGOMERY = 261n;
export const ENTRY_BYTES = 64;
const SCALAR_BITS = 256;

export interface AffinePoint {
  readonly x: bigint;
  readonly y: bigint;
}

/** Windows of so many bits in a scalar. */
export function windowsOf(width: number): number {
  return Math.ceil(SCALAR_BITS / width);
}

/** Entries of a table: the multiples 1 to 2^(width - 1) of each window. */
export function entriesOf(width: number): number {
  return windowsOf(width) * 2 ** (width - 1);
}

/** The table: window by window, entry k - 1 being k * 2^(width * window) times the point, which is on the curve. */
export function buildTable(point: AffinePoint, width: number): Uint8Array<ArrayBuffer> {
  const perWindow = 2 ** (width - 1);
  const bases = doublings(point, width);
  const points = new Array<AffinePoint>(entriesOf(width));
  bases.forEach((base, window) => {
    points[window * perWindow] = base;
  });
  /* All windows at once: an inversion for each level of doubling, whatever their number. */
  for (let known = 1; known < perWindow; known *= 2) extend(points, perWindow, known);
  return encode(points);
}

/** Of each window: to the multiples 1 to known, adds known + 1 to 2 * known. */
function extend(points: AffinePoint[], perWindow: number, known: number): void {
  const sums: Sum[] = [];
  for (let first = 0; first < points.length; first += perWindow) {
    const largest = points[first + known - 1]!;
    for (let i = 0; i < known; i++) sums.push({ a: largest, b: points[first + i]!, at: first + known + i });
  }
  addAll(points, sums);
}

interface Sum {
  readonly a: AffinePoint;
  readonly b: AffinePoint;
  readonly at: number;
}

/** points[at] = a + b, which are the same or different, but not opposite. */
function addAll(points: AffinePoint[], sums: readonly Sum[]): void {
  const inverses = invertAll(sums.map(({ a, b }) => (a === b ? 2n * a.y : b.x - a.x)));
  sums.forEach(({ a, b, at }, i) => {
    const rise = a === b ? 3n * (a.x * a.x - 1n) : b.y - a.y;
    const slope = (rise * inverses[i]!) % P;
    const x = positive((slope * slope - a.x - b.x) % P);
    points[at] = { x, y: positive((slope * (a.x - x) - a.y) % P) };
  });
}

/** Montgomery's trick: one inversion and three multiplications each. */
function invertAll(values: readonly bigint[]): bigint[] {
  const products = new Array<bigint>(values.length);
  let product = 1n;
  for (let i = 0; i < values.length; i++) {
    products[i] = product;
    product = (product * values[i]!) % P;
  }
  let inverse = invert(positive(product));
  for (let i = values.length - 1; i >= 0; i--) {
    products[i] = (inverse * products[i]!) % P;
    inverse = (inverse * values[i]!) % P;
  }
  return products;
}

/** By Euclid's algorithm. */
function invert(value: bigint): bigint {
  let [a, b, x, y] = [value, P, 1n, 0n];
  while (a !== 0n) {
    const quotient = b / a;
    [a, b, x, y] = [b - quotient * a, a, y - quotient * x, x];
  }
  return positive(y % P);
}

/** The point times 1, 2^width, 2^(2 width), …: doubled in Jacobian coordinates, then all made affine. */
function doublings(point: AffinePoint, width: number): AffinePoint[] {
  const found = [{ ...point, z: 1n }];
  for (let window = 1; window < windowsOf(width); window++) {
    let next = found[window - 1]!;
    for (let i = 0; i < width; i++) next = double(next);
    found.push(next);
  }
  const inverses = invertAll(found.map(({ z }) => z));
  return found.map(({ x, y }, i) => {
    const inverse = inverses[i]!;
    const square = (inverse * inverse) % P;
    return { x: positive((x * square) % P), y: positive((((y * square) % P) * inverse) % P) };
  });
}

/** dbl-2001-b of the Explicit-Formulas Database, for a = -3. */
function double({ x, y, z }: AffinePoint & { z: bigint }): AffinePoint & { z: bigint } {
  const delta = (z * z) % P;
  const gamma = (y * y) % P;
  const beta = (x * gamma) % P;
  const alpha = (3n * (x - delta) * (x + delta)) % P;
  const doubled = (alpha * alpha - 8n * beta) % P;
  return {
    x: doubled,
    y: (alpha * (4n * beta - doubled) - 8n * gamma * gamma) % P,
    z: (2n * y * z) % P,
  };
}

function positive(value: bigint): bigint {
  return value < 0n ? value + P : value;
}

function encode(points: readonly AffinePoint[]): Uint8Array<ArrayBuffer> {
  const words = new BigUint64Array((points.length * ENTRY_BYTES) / 8);
  points.forEach(({ x, y }, i) => {
    writeNumber(words, 8 * i, (x << MONTGOMERY) % P);
    writeNumber(words, 8 * i + 4, (y << MONTGOMERY) % P);
  });
  return new Uint8Array(words.buffer);
}

/** A BigUint64Array takes the low 64 bits of what it is given. */
function writeNumber(words: BigUint64Array, at: number, value: bigint): void {
  words[at] = value;
  words[at + 1] = value >> 64n;
  words[at + 2] = value >> 128n;
  words[at + 3] = value >> 192n;
}
