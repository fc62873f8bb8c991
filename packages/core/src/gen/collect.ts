import type { Btf, BtfType } from '../btf.js';
import { BpfError } from '../errors.js';
import { type EnumLayout, type Layout, Layouts, type StructLayout } from '../layout.js';
import type { AnyObject, MapSpec, ObjectSpec, VariableSpec } from '../spec.js';
import { byName, identifier, pascalCase } from './names.js';

export interface TypedMap {
  readonly spec: MapSpec;
  /** Undefined where the object gives sizes alone. */
  readonly key: Layout | undefined;
  readonly value: Layout | undefined;
  readonly event: Layout | undefined;
}

export interface TypedVariable {
  readonly spec: VariableSpec;
  readonly layout: Layout;
}

export interface Constant {
  readonly name: string;
  readonly value: bigint;
  readonly layout: EnumLayout;
}

/** Whatever the generated file says, by name; structs after those that they contain. */
export interface Collected {
  readonly maps: readonly TypedMap[];
  readonly variables: readonly TypedVariable[];
  readonly constants: readonly Constant[];
  readonly enums: readonly EnumLayout[];
  readonly structs: readonly StructLayout[];
}

/** Finds all types that maps, variables and global pointers lead to. Throws ERR_UNSUPPORTED_TYPE. */
export function collect(spec: ObjectSpec<AnyObject>): Collected {
  const types = new Types(spec.btf);
  const maps = [...spec.maps.values()].filter((map) => !map.internal).sort(byName);
  const variables = [...spec.variables.values()].sort(byName);
  const typedMaps = maps.map((map) => typedMap(map, types));
  const typedVariables = variables.map((variable) => {
    return { spec: variable, layout: types.add(variable.type, `variable ${variable.name}`) };
  });
  addPointees(spec.btf, types);
  return { maps: typedMaps, variables: typedVariables, ...types.sorted() };
}

function typedMap(spec: MapSpec, types: Types): TypedMap {
  const add = (id: number, part: string) =>
    id === 0 ? undefined : types.add(id, `map ${spec.name}: ${part}`);
  return {
    spec,
    key: add(spec.keyType, 'key'),
    value: add(spec.valueType, 'value'),
    event: add(spec.eventType, 'event'),
  };
}

/** A global pointer to a struct or enum is there to carry it into BTF. */
function addPointees(btf: Btf, types: Types): void {
  const sections = btf.types.filter((type) => type.kind === 'datasec' && type.name !== '.maps');
  const ids = sections.flatMap((section) => (section.kind === 'datasec' ? section.variables : []));
  const variables = ids.map(({ type }) => btf.get(type)).sort(byName);
  for (const variable of variables) {
    const pointer = btf.resolve(variable.id);
    if (pointer.kind === 'ptr' && isShared(btf.resolve(pointer.type))) {
      types.add(pointer.type, `${variable.name} points to what`);
    }
  }
}

function isShared(type: BtfType): boolean {
  return type.kind === 'struct' || type.kind === 'enum' || type.kind === 'enum64';
}

class Types {
  readonly #layouts: Layouts;
  readonly #enums = new Map<string, EnumLayout>();
  readonly #structs = new Map<string, StructLayout>();
  readonly #constants = new Map<string, Constant>();

  constructor(btf: Btf) {
    this.#layouts = new Layouts(btf);
  }

  add(id: number, name: string): Layout {
    const layout = this.#layouts.of(id, name);
    this.#visit(layout);
    return layout;
  }

  sorted() {
    return {
      constants: [...this.#constants.values()].sort(byName),
      enums: [...this.#enums.values()].sort(byName),
      structs: [...this.#structs.values()],
    };
  }

  #visit(layout: Layout): void {
    if (layout.kind === 'array') this.#visit(layout.element);
    else if (layout.kind === 'enum') this.#visitEnum(layout);
    else if (layout.kind === 'struct') this.#visitStruct(layout);
  }

  #visitEnum(layout: EnumLayout): void {
    if (layout.name !== '') {
      claim(this.#enums, layout);
      return;
    }
    for (const { name, value } of layout.values) this.#constants.set(name, { name, value, layout });
  }

  #visitStruct(layout: StructLayout): void {
    if (this.#structs.get(pascalCase(layout.name)) === layout) return;
    for (const field of layout.fields) this.#visit(field.layout);
    claim(this.#structs, layout);
  }
}

function claim<L extends { readonly name: string }>(known: Map<string, L>, layout: L): void {
  const name = pascalCase(identifier(layout.name));
  const other = known.get(name);
  if (other && other !== layout) {
    throw new BpfError(
      'ERR_UNSUPPORTED_TYPE',
      `${other.name} and ${layout.name} are both ${name} in TypeScript`,
    );
  }
  known.set(name, layout);
}
