import type { MapType, ProgramType } from '../kinds.js';
import type { Layout } from '../layout.js';
import type { AnyObject, ObjectSpec } from '../spec.js';
import type { Collected, TypedMap } from './collect.js';
import { byName, identifier, pascalCase } from './names.js';
import { codecName, typeOf } from './scalars.js';

const KEYED: Partial<Record<MapType, string>> = {
  hash: 'HashMap',
  lru_hash: 'LruHashMap',
  percpu_hash: 'PerCpuHashMap',
  lru_percpu_hash: 'LruPerCpuHashMap',
  lpm_trie: 'LpmTrie',
};

const INDEXED: Partial<Record<MapType, string>> = {
  array: 'ArrayMap',
  percpu_array: 'PerCpuArrayMap',
};

const PROGRAMS: Partial<Record<ProgramType, string>> = {
  xdp: 'XdpProgram',
  tc: 'TcProgram',
  tracepoint: 'TracepointProgram',
  raw_tracepoint: 'RawTracepointProgram',
  syscall: 'SyscallProgram',
  tracing: 'TracingProgram',
  kprobe: 'KprobeProgram',
  cgroup: 'CgroupProgram',
  cgroup_skb: 'CgroupProgram',
};

const REFERENCES: Partial<Record<MapType, string>> = {
  prog_array: 'ProgArray',
  array_of_maps: 'ArrayOfMaps',
  xskmap: 'XskMap',
};

/** The interface of the object and the function that opens it. */
export function skeletonLines(spec: ObjectSpec<AnyObject>, types: Collected): string[] {
  const name = identifier(pascalCase(spec.name));
  return [
    `/** What ${spec.name}.bpf.o holds. */`,
    `export interface ${name}Object {`,
    ...group(
      'maps',
      types.maps.map((map) => property(map.spec.name, mapTypeName(map))),
    ),
    ...group('programs', programLines(spec)),
    ...group(
      'variables',
      types.variables.map((variable) => property(variable.spec.name, typeOf(variable.layout))),
    ),
    '}',
    '',
    `/** Opens ${spec.name}.bpf.o: set variables and map sizes, then \`load()\`. */`,
    `export function open${name}(source: Uint8Array | URL): ObjectSpec<${name}Object> {`,
    ...openLines(spec.name, types.maps.flatMap(codecLine)),
    '}',
  ];
}

function group(name: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [`  ${name}: Record<never, never>;`];
  return [`  ${name}: {`, ...lines.map((line) => `    ${line}`), '  };'];
}

function property(name: string, type: string): string {
  return `${identifier(name)}: ${type};`;
}

function programLines(spec: ObjectSpec<AnyObject>): string[] {
  const programs = [...spec.programs.values()].sort(byName);
  return programs.map(({ name, type }) => property(name, PROGRAMS[type] ?? 'Program'));
}

/** A map of a kind that has no class can be pinned and passed on, no more. */
function mapTypeName({ spec, key, value, event }: TypedMap): string {
  const typeArgument = (layout: Layout | undefined) => (layout ? typeOf(layout) : 'Uint8Array');
  if (spec.type === 'ringbuf') return `RingBuffer<${typeArgument(event)}>`;
  if (spec.type === 'hash_of_maps') return `HashOfMaps<${typeArgument(key)}>`;
  const keyed = KEYED[spec.type];
  if (keyed) return `${keyed}<${typeArgument(key)}, ${typeArgument(value)}>`;
  const indexed = INDEXED[spec.type];
  if (indexed) return `${indexed}<${typeArgument(value)}>`;
  return REFERENCES[spec.type] ?? 'BpfMap';
}

function openLines(name: string, codecs: readonly string[]): string[] {
  if (codecs.length === 0) return [`  return openObject(source, { name: '${name}' });`];
  return [
    '  return openObject(source, {',
    `    name: '${name}',`,
    '    codecs: {',
    ...codecs.map((line) => `      ${line}`),
    '    },',
    '  });',
  ];
}

/** Structs alone have codecs here: for the rest, what follows BTF at run time is as fast. */
function codecLine(map: TypedMap): string[] {
  const parts = (['key', 'value', 'event'] as const).flatMap((part) => {
    const layout = map[part];
    return layout?.kind === 'struct' ? [`${part}: ${codecName(layout.name)}`] : [];
  });
  return parts.length > 0 ? [`${identifier(map.spec.name)}: { ${parts.join(', ')} },`] : [];
}
