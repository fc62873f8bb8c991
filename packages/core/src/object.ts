import { BpfError } from './errors.js';
import { type Libbpf, libbpf, openOptions } from './ffi/libbpf.js';
import { duplicate, errnoName, lastErrno } from './ffi/libc.js';
import { loadError } from './ffi/load-error.js';
import { ArrayMap } from './maps/array.js';
import { createMap, openMap } from './maps/create.js';
import type { BpfMap } from './maps/map.js';
import { createProgram, type Program } from './program.js';
import type { AnyObject, MapSpec, ObjectShape, ObjectSpec, VariableSpec } from './spec.js';

export interface LoadOptions {
  /**
   * Maps to use instead of new ones: handles, which stay the caller's, or paths in bpffs. Must have the type and
   * sizes of the object's; how many elements they have may differ.
   */
  reuse?: Record<string, BpfMap | string>;
}

/**
 * An object in the kernel. Its maps and programs are handles of their own: they can be closed one by one, or
 * all together with the object.
 */
export class BpfObject<T extends ObjectShape = AnyObject> implements Disposable {
  readonly spec: ObjectSpec<T>;
  readonly maps: T['maps'];
  readonly programs: T['programs'];
  /** Reading and writing go to the program's memory itself: .data and .bss can be written, .rodata cannot. */
  readonly variables: T['variables'];

  /** Use `ObjectSpec.load`. */
  constructor(spec: ObjectSpec<T>, maps: Map<string, BpfMap>, programs: Map<string, Program>) {
    this.spec = spec;
    this.maps = Object.fromEntries(maps) as T['maps'];
    this.programs = Object.fromEntries(programs) as T['programs'];
    this.variables = liveVariables(spec, maps) as T['variables'];
  }

  /** Any of its maps, typed no further, such as `.bss`. Throws ERR_NOT_FOUND. */
  map(name: string): BpfMap {
    this.spec.map(name as never);
    return (this.maps as Record<string, BpfMap>)[name]!;
  }

  close(): void {
    for (const handle of [...Object.values(this.maps), ...Object.values(this.programs)] as Disposable[]) {
      handle[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Loads the object: relocation and verification through libbpf, of which nothing is left afterwards. */
export function loadObject<T extends ObjectShape>(
  spec: ObjectSpec<T>,
  { reuse = {} }: LoadOptions = {},
): BpfObject<T> {
  for (const name of Object.keys(reuse)) spec.map(name as never);
  const library = libbpf();
  return library.listen((printed) => {
    const object = library.openMem(spec.bytes, spec.bytes.length, openOptions(spec.name));
    if (object === null) throw loadError(spec.name, -lastErrno(), printed());
    try {
      prepareMaps(library, object, spec, reuse);
      preparePrograms(library, object, spec);
      const result = library.load(object);
      if (result < 0) throw loadError(spec.name, result, printed());
      return takeOver(library, object, spec);
    } finally {
      library.close(object);
    }
  });
}

function* each(
  next: (object: bigint, previous: bigint | null) => bigint | null,
  object: bigint,
): Generator<bigint> {
  for (let found = next(object, null); found !== null; found = next(object, found)) yield found;
}

/** libbpf names internal maps after the object and their section, the spec after the section alone. */
function specOf(spec: ObjectSpec<ObjectShape>, libbpfName: string): MapSpec {
  for (const map of spec.maps.values())
    if (map.name === libbpfName || map.kernelName === libbpfName) return map;
  throw new BpfError(
    'ERR_BAD_OBJECT',
    `object ${spec.name} has a map ${libbpfName} that its BTF does not describe`,
  );
}

function prepareMaps(
  library: Libbpf,
  object: bigint,
  spec: ObjectSpec<ObjectShape>,
  reuse: Record<string, BpfMap | string>,
) {
  for (const map of each(library.nextMap, object)) {
    const mapSpec = specOf(spec, library.mapName(map));
    const reused = reuse[mapSpec.name];
    if (reused !== undefined) {
      reuseMap(library, map, mapSpec, reused);
      continue;
    }
    if (mapSpec.initialValue) {
      check(mapSpec, library.setInitialValue(map, mapSpec.initialValue, mapSpec.initialValue.length));
    } else {
      check(mapSpec, library.setMaxEntries(map, mapSpec.maxEntries));
    }
  }
}

function reuseMap(library: Libbpf, map: bigint, spec: MapSpec, reused: BpfMap | string): void {
  using own = typeof reused === 'string' ? openMap(reused, spec) : createMap(spec, duplicate(reused.fd));
  check(spec, library.reuseFd(map, own.fd));
}

function check(spec: MapSpec, result: number): void {
  if (result >= 0) return;
  throw new BpfError('ERR_LOAD', `map ${spec.name} cannot be set up: ${errnoName(-result)}`, {
    errno: -result,
  });
}

function preparePrograms(library: Libbpf, object: bigint, spec: ObjectSpec<ObjectShape>): void {
  for (const program of each(library.nextProgram, object)) {
    const found = spec.programs.get(library.programName(program));
    if (found) library.setAutoload(program, found.autoload);
  }
}

/** Handles of our own for what libbpf made; all or none. */
function takeOver<T extends ObjectShape>(library: Libbpf, object: bigint, spec: ObjectSpec<T>): BpfObject<T> {
  const maps = new Map<string, BpfMap>();
  const programs = new Map<string, Program>();
  try {
    for (const map of each(library.nextMap, object)) {
      const mapSpec = specOf(spec, library.mapName(map));
      maps.set(mapSpec.name, createMap(mapSpec, duplicate(library.mapFd(map))));
    }
    for (const program of each(library.nextProgram, object)) {
      const found = spec.programs.get(library.programName(program));
      if (!found?.autoload) continue;
      const fd = duplicate(library.programFd(program));
      programs.set(found.name, createProgram(found.name, found.type, fd));
    }
  } catch (error) {
    for (const handle of [...maps.values(), ...programs.values()]) handle.close();
    throw error;
  }
  return new BpfObject(spec, maps, programs);
}

function liveVariables(spec: ObjectSpec<ObjectShape>, maps: ReadonlyMap<string, BpfMap>): object {
  const variables = {};
  for (const variable of spec.variables.values()) {
    const map = maps.get(variable.section);
    if (map instanceof ArrayMap) Object.defineProperty(variables, variable.name, liveVariable(variable, map));
  }
  return variables;
}

function liveVariable(variable: VariableSpec, map: ArrayMap<unknown>): PropertyDescriptor {
  const { name, section, offset, size, codec } = variable;
  return {
    enumerable: true,
    get: () => codec.decode(map.view(), offset),
    set(value: unknown) {
      if (section.startsWith('.rodata')) {
        const message = `variable ${name} is constant once loaded: set it before, with spec.variable('${name}').set()`;
        throw new BpfError('ERR_BAD_VALUE', message);
      }
      /* What cannot be encoded leaves the old value. */
      codec.encode(new DataView(new ArrayBuffer(size)), 0, value);
      codec.encode(map.view(), offset, value);
    },
  };
}
