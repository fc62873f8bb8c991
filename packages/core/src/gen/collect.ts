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

/** Finds all types that maps, variables and markers lead to. Throws ERR_UNSUPPORTED_TYPE. */
export function collect(spec: ObjectSpec<AnyObject>): Collected {
  const types = new Types(spec.btf);
  const maps = [...spec.maps.values()].filter((map) => !map.internal).sort(byName);
  const variables = [...spec.variables.values()].sort(byName);
  const typedMaps = maps.map((map) => typedMap(map, types));
  const typedVariables = variables.map((variable) => {
    return { spec: variable, layout: types.add(variable.type, `variable ${variable.name}`) };
  });
  addMarkers(spec, types);
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

/** A global pointer to a struct or enum, and one that is named `unused_…`, is there to carry a type into BTF. */
function addMarkers(spec: ObjectSpec<AnyObject>, types: Types): void {
  for (const variable of globalsOf(spec.btf)) {
    if (spec.variables.has(variable.name)) continue;
    const type = spec.btf.resolve(variable.id);
    const id = type.kind === 'ptr' ? type.type : variable.id;
    if (isShared(spec.btf.resolve(id))) types.add(id, variable.name);
  }
}

function globalsOf(btf: Btf): BtfType[] {
  const sections = btf.types.filter((type) => type.kind === 'datasec');
  const data = sections.filter((section) => /^\.(rodata|data|bss)(\.|$)/.test(section.name));
  return data.flatMap((section) => section.variables.map(({ type }) => btf.get(type))).sort(byName);
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
