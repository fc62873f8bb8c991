import type { FieldLayout, Layout, StructLayout } from '../layout.js';
import { identifier, pascalCase } from './names.js';
import { codecName, readScalar, typeOf } from './scalars.js';

const INDEXES = ['i', 'j', 'k', 'l'];

/** An interface and its codec. */
export function structLines(struct: StructLayout): string[] {
  return [...interfaceLines(struct), '', ...codecLines(struct)];
}

function interfaceLines(struct: StructLayout): string[] {
  const fields = struct.fields.filter(({ padding }) => !padding);
  return [
    `/** struct ${struct.name}, ${struct.size} bytes. */`,
    `export interface ${pascalCase(struct.name)} {`,
    ...fields.flatMap(propertyLines),
    '}',
  ];
}

function propertyLines(field: FieldLayout): string[] {
  const { layout } = field;
  const property = `  ${identifier(field.property)}: ${typeOf(layout)};`;
  if (layout.kind === 'bytes') return [`  /** ${layout.size} bytes. */`, property];
  if (layout.kind === 'array') return [`  /** ${layout.length} elements. */`, property];
  return [property];
}

function codecLines(struct: StructLayout): string[] {
  const name = pascalCase(struct.name);
  return [
    `export const ${codecName(struct.name)}: Codec<${name}> = {`,
    `  size: ${struct.size},`,
    ...decodeLines(struct),
    ...encodeLines(struct, name),
    '};',
  ];
}

function decodeLines(struct: StructLayout): string[] {
  const fields = struct.fields.filter(({ padding }) => !padding);
  return [
    '  decode(view, offset) {',
    '    return {',
    ...fields.map(({ property, layout, offset }) => `      ${property}: ${readOf(layout, plus(offset))},`),
    '    };',
    '  },',
  ];
}

function readOf(layout: Layout, at: string, depth = 0): string {
  switch (layout.kind) {
    case 'scalar':
      return readScalar(layout.scalar, at);
    case 'enum':
      return layout.name === ''
        ? readScalar(layout.scalar, at)
        : `${readScalar(layout.scalar, at)} as ${pascalCase(layout.name)}`;
    case 'bool':
      return `view.getUint8(${at}) !== 0`;
    case 'bytes':
      return `take.bytes(view, ${at}, ${layout.size})`;
    case 'array': {
      const i = INDEXES[depth] ?? `i${depth}`;
      const item = readOf(layout.element, times(at, layout.element.size, i), depth + 1);
      return `take.array(${layout.length}, (${i}) => ${item})`;
    }
    case 'struct':
      return `${codecName(layout.name)}.decode(view, ${at})`;
  }
}

function encodeLines(struct: StructLayout, name: string): string[] {
  return [
    '  encode(view, offset, value) {',
    ...struct.fields.flatMap((field) => writeField(field, name)).map((line) => `    ${line}`),
    '  },',
  ];
}

function writeField(field: FieldLayout, struct: string): string[] {
  const { layout, padding, property, offset } = field;
  if (padding) return [`put.zeros(view, ${plus(offset)}, ${layout.size});`];
  return writeLines(layout, plus(offset), `value.${property}`, `'${struct}.${property}'`, 0);
}

function writeLines(layout: Layout, at: string, value: string, name: string, depth: number): string[] {
  switch (layout.kind) {
    case 'scalar':
    case 'enum':
      return [`put.${layout.scalar}(view, ${at}, ${value}, ${name});`];
    case 'bool':
      return [`put.bool(view, ${at}, ${value}, ${name});`];
    case 'bytes':
      return [`put.bytes(view, ${at}, ${layout.size}, ${value}, ${name});`];
    case 'array': {
      const i = INDEXES[depth] ?? `i${depth}`;
      const item = depth === 0 ? 'item' : `item${depth + 1}`;
      const body = writeLines(layout.element, times(at, layout.element.size, i), item, name, depth + 1);
      const head = `put.array(${value}, ${layout.length}, ${name}, (${item}, ${i}) => {`;
      return [head, ...body.map((line) => `  ${line}`), '});'];
    }
    case 'struct':
      return [`${codecName(layout.name)}.encode(view, ${at}, ${value});`];
  }
}

function plus(offset: number): string {
  return offset === 0 ? 'offset' : `offset + ${offset}`;
}

function times(at: string, size: number, index: string): string {
  return size === 1 ? `${at} + ${index}` : `${at} + ${size} * ${index}`;
}
