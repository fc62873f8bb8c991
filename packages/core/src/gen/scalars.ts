import type { Layout, ScalarName } from '../layout.js';
import { pascalCase } from './names.js';

const METHODS: Record<ScalarName, string> = {
  u8: 'Uint8',
  i8: 'Int8',
  u16: 'Uint16',
  i16: 'Int16',
  u32: 'Uint32',
  i32: 'Int32',
  u64: 'BigUint64',
  i64: 'BigInt64',
};

/** The TypeScript type of a layout. */
export function typeOf(layout: Layout): string {
  switch (layout.kind) {
    case 'scalar':
      return layout.size === 8 ? 'bigint' : 'number';
    case 'bool':
      return 'boolean';
    case 'enum':
      if (layout.name !== '') return pascalCase(layout.name);
      return layout.size === 8 ? 'bigint' : 'number';
    case 'bytes':
      return 'Uint8Array';
    case 'array':
      return `${typeOf(layout.element)}[]`;
    case 'struct':
      return pascalCase(layout.name);
  }
}

/** The expression that reads a scalar. */
export function readScalar(scalar: ScalarName, at: string): string {
  const order = METHODS[scalar].endsWith('8') ? '' : ', true';
  return `view.get${METHODS[scalar]}(${at}${order})`;
}

export function codecName(struct: string): string {
  const name = pascalCase(struct);
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}Codec`;
}

export function literal(value: bigint, size: number): string {
  return size === 8 ? `${value}n` : `${value}`;
}
