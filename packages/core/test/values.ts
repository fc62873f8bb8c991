import type { Layout } from '../src/layout.js';

function bits(next: () => number, count: number): bigint {
  let value = 0n;
  for (let i = 0; i < count; i += 16) value = (value << 16n) | BigInt(Math.floor(next() * 65536));
  return BigInt.asUintN(count, value);
}

/** Any value of a layout, the least and greatest ones more often than chance has it. */
export function randomValue(layout: Layout, next: () => number): unknown {
  switch (layout.kind) {
    case 'scalar':
    case 'enum': {
      const width = layout.size * 8;
      const edge = [0n, 2n ** BigInt(width) - 1n, 2n ** BigInt(width - 1)][Math.floor(next() * 12)];
      const value = edge ?? bits(next, width);
      const signed = layout.scalar.startsWith('i') ? BigInt.asIntN(width, value) : value;
      return width === 64 ? signed : Number(signed);
    }
    case 'bool':
      return next() < 0.5;
    case 'bytes':
      return Uint8Array.from({ length: layout.size }, () => next() * 256);
    case 'array':
      return Array.from({ length: layout.length }, () => randomValue(layout.element, next));
    case 'struct': {
      const fields = layout.fields.filter(({ padding }) => !padding);
      return Object.fromEntries(fields.map((field) => [field.property, randomValue(field.layout, next)]));
    }
  }
}
