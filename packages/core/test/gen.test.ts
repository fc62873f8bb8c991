import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Codec, codecFor } from '../src/codec.js';
import { run } from '../src/gen/command.js';
import { generate } from '../src/gen/generate.js';
import { Layouts } from '../src/layout.js';
import { openObject } from '../src/spec.js';
import { compile, coreObject, inTemporaryDirectory, random, repository } from './compile.js';
import * as generatedCode from './core_test.gen.js';
import { randomValue } from './values.js';

const corePath = fileURLToPath(coreObject);
const spec = openObject(coreObject);

function generated(source: string): string {
  return generate(openObject(compile(source), { name: 'x' }));
}

function command(...args: string[]) {
  let printed = '';
  const code = run(args, (text) => {
    printed += text;
  });
  return { code, printed };
}

describe('generate', () => {
  it('writes constants and enums with their C names', () => {
    const text = generate(spec);
    expect(text).toContain('export const CORE_SLOTS = 16;\n');
    expect(text).toContain(
      [
        '/** enum core_reason. */',
        'export const CoreReason = {',
        '  CORE_REASON_NONE: 0,',
        '  CORE_REASON_SHORT: 3,',
        '  CORE_REASON_UNKNOWN: 200,',
        '} as const;',
        'export type CoreReason = (typeof CoreReason)[keyof typeof CoreReason];',
      ].join('\n'),
    );
    expect(text).toContain('CORE_FLAG_LAST: 1099511627776n,');
    expect(text).toContain('CORE_LEVEL_LOW: -1,');
  });

  it('types each map, program and variable', () => {
    const text = generate(spec);
    const lines = [
      'chain: ProgArray;',
      'cpu_hosts: PerCpuHashMap<number, CoreCounter>;',
      'cpu_recent: LruPerCpuHashMap<number, number>;',
      'events: RingBuffer<CoreEvent>;',
      'hosts: HashMap<CoreKey, CoreValue>;',
      'live: ArrayMap<bigint>;',
      'prefixes: LpmTrie<CorePrefix, number>;',
      'raw: HashMap<Uint8Array, Uint8Array>;',
      'recent: LruHashMap<number, bigint>;',
      'core_xdp: XdpProgram;',
      'core_raw_tp: RawTracepointProgram;',
      'histogram: number[];',
      'mode: CoreMode;',
    ];
    for (const line of lines) expect(text).toContain(`    ${line}\n`);
  });

  it('gives the same text each time, in lines of at most 110 columns', () => {
    const text = generate(spec);
    expect(generate(openObject(coreObject))).toBe(text);
    expect(text.split('\n').filter((line) => line.length > 110)).toEqual([]);
  });

  it('writes enums alone without imports', () => {
    const text = generate(spec, { only: 'enums' });
    expect(text).toContain('export const CoreReason');
    expect(text).not.toMatch(/import|interface|Codec|function/);
  });

  it('writes codecs without what opens the object', () => {
    const text = generate(spec, { only: 'codecs', core: '@cryptbpf/core/codecs' });
    expect(text).toMatch(/^import \{ .*type Codec.* \} from '@cryptbpf\/core\/codecs';$/m);
    expect(text).toContain('export const CoreReason');
    expect(text).not.toMatch(/openObject|RingBuffer|Program/);
  });

  it('names anonymous structs by their typedef or their place', () => {
    const text = generated(`
      typedef struct { __u32 a; struct { __u32 b; } inner; } pair_t;
      pair_t pair;`);
    expect(text).toContain('export interface PairT {\n  a: number;\n  inner: PairTInner;\n}');
  });

  it('follows arrays of arrays', () => {
    const text = generated('struct grid { __u8 rows[4][16]; __u16 cells[2][3]; }; struct grid grid;');
    expect(text).toContain('rows: Uint8Array[];');
    expect(text).toContain('take.array(4, (i) => take.bytes(view, offset + 16 * i, 16))');
    expect(text).toContain(
      'take.array(2, (i) => take.array(3, (j) => view.getUint16(offset + 64 + 6 * i + 2 * j, true)))',
    );
  });

  it('leaves padding and reserved fields out of the interface', () => {
    const text = generated('struct padded { __u32 a; __u8 reserved; __u8 _pad[3]; }; struct padded padded;');
    expect(text).toContain('export interface Padded {\n  a: number;\n}');
    expect(text).toContain('put.zeros(view, offset + 5, 3);');
  });

  it('names the skeleton after the object', () => {
    const text = generate(openObject(compile('int x;'), { name: 'signed-auth' }));
    expect(text).toContain(
      'export function openSignedAuth(source: Uint8Array | URL): ObjectSpec<SignedAuthObject>',
    );
    expect(() => generate(openObject(compile('int x;'), { name: "x'y" }))).toThrow(
      `"X'y" is no name for generated code`,
    );
  });

  it('gives maps without a class of their own the common one', () => {
    const text = generated(`struct {
      __uint(type, BPF_MAP_TYPE_SOCKMAP); __uint(max_entries, 1); __type(key, __u32); __type(value, __u32);
    } sockets SEC(".maps");`);
    expect(text).toContain('    sockets: BpfMap;\n');
    expect(text).toContain('type BpfMap,');
  });

  it('writes an object that holds nothing', () => {
    const text = generated('SEC("xdp") int nothing(struct xdp_md *ctx) { return XDP_PASS; }');
    expect(text).toContain('  maps: Record<never, never>;\n');
    expect(text).toContain("return openObject(source, { name: 'x' });");
  });
});

describe('generate refuses', () => {
  it.each([
    ['a hole', 'struct s { __u8 a; __u32 b; }; struct s s;', 's has 3 bytes of implicit padding before b'],
    [
      'a hole at the end',
      'struct s { __u64 a; __u32 b; }; struct s s;',
      's has 4 bytes of implicit padding after b',
    ],
    [
      'a hole in a nested struct',
      'struct in { __u16 a; __u8 b; }; struct s { struct in in[2]; }; struct s s;',
      'in has 1 bytes of implicit padding after b: add the field "__u8 pad[1]"',
    ],
    ['a union', 'struct s { union { __u32 a; __u8 b[4]; } u; }; struct s s;', 's.u is a union'],
    ['a bit field', 'struct s { __u32 a : 3; __u32 b : 29; }; struct s s;', 's.a is a bit field'],
    ['a pointer in a struct', 'struct s { char *name; }; struct s s;', 's.name is a pointer'],
    [
      'a field without a name',
      'struct s { struct { __u32 a; }; }; struct s s;',
      's has a field without a name',
    ],
    ['a 128-bit integer', 'struct s { __int128 a; }; struct s s;', 's.a is an integer of 16 bytes'],
    [
      'a flexible array',
      'struct s { __u32 n; __u32 rest[]; }; struct s *event_of_x;',
      's.rest is a flexible array',
    ],
    [
      'two names that are one in TypeScript',
      'struct s { __u32 a_b; __u32 aB; }; struct s s;',
      's.aB has the same name in TypeScript',
    ],
    [
      'two structs that are one in TypeScript',
      'struct s { __u32 a; } s1; struct S { __u32 a; } s2;',
      'are both S in TypeScript',
    ],
    ['a name of the package', 'struct hash_map { __u32 a; } s;', 'HashMap would be defined twice'],
    [
      'a pointer in a map',
      `struct holder { struct holder *next; };
       struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); __type(key, __u32); __type(value, struct holder); } m SEC(".maps");`,
      'holder.next is a pointer',
    ],
  ])('%s', (_, source, message) => {
    expect(() => generated(source)).toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED_TYPE' }));
    expect(() => generated(source)).toThrow(message);
  });
});

describe('generated code', () => {
  const codecs: Record<string, Codec> = {
    core_counter: generatedCode.coreCounterCodec,
    core_event: generatedCode.coreEventCodec,
    core_key: generatedCode.coreKeyCodec,
    core_prefix: generatedCode.corePrefixCodec,
    core_value: generatedCode.coreValueCodec,
  };

  it.each(Object.keys(codecs))('codes %s as BTF says', (name) => {
    const id = spec.btf.find('struct', name)!.id;
    const layout = new Layouts(spec.btf).of(id, name);
    const [written, followed] = [codecs[name]!, codecFor(spec.btf, id)];
    const next = random(11);
    const view = new DataView(new ArrayBuffer(layout.size + 1));
    const other = new DataView(new ArrayBuffer(layout.size + 1));
    expect(written.size).toBe(layout.size);
    for (let i = 0; i < 300; i++) {
      const value = randomValue(layout, next);
      written.encode(view, 1, value);
      followed.encode(other, 1, value);
      expect(view.buffer).toEqual(other.buffer);
      expect(written.decode(view, 1)).toEqual(value);
    }
  });

  it('writes padding over what was there', () => {
    const bytes = new Uint8Array(20).fill(0xff);
    const key = { address: new Uint8Array(16), port: 0, protocol: 0 };
    generatedCode.coreKeyCodec.encode(new DataView(bytes.buffer), 0, key);
    expect(bytes).toEqual(new Uint8Array(20));
  });

  it('names the field of a bad value', () => {
    const view = new DataView(new ArrayBuffer(20));
    const key = { address: new Uint8Array(4), port: 0, protocol: 0 };
    expect(() => generatedCode.coreKeyCodec.encode(view, 0, key)).toThrow(
      'CoreKey.address: a Uint8Array of 4 bytes is no u8[16]',
    );
  });

  it('opens the object with its codecs', () => {
    const opened = generatedCode.openCoreTest(coreObject);
    expect(opened.map('hosts').key).toBe(generatedCode.coreKeyCodec);
    expect(opened.map('events').event).toBe(generatedCode.coreEventCodec);
    expect(opened.variable('threshold').get()).toBe(1n << 40n);
  });

  it('refuses to open an object of another version', () => {
    const other = compile(`struct {
      __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); __type(key, __u32); __type(value, __u32);
    } hosts SEC(".maps");`);
    expect(() => generatedCode.openCoreTest(other)).toThrow('map hosts: key is 4 bytes, its codec 20');
  });
});

describe('types of generated code', () => {
  const RIGHT = `
    import { CoreReason, type CoreTestObject, openCoreTest } from './core_test.gen.js';
    export const spec = openCoreTest(new Uint8Array());
    export const reason: CoreReason = CoreReason.CORE_REASON_SHORT;
    spec.map('hosts').maxEntries = 5;
    spec.program('core_xdp').autoload = false;
    spec.variable('threshold').set(5n);
    spec.variable('limits').set({ packets: 1n, bytes: 2n });
    export function ports(): number[] | undefined {
      const object = spec.load();
      object.variables.threshold += 1n;
      return object.maps.hosts.get({ address: new Uint8Array(16), port: 1, protocol: 17 })?.ports;
    }
    export async function last(maps: CoreTestObject['maps']): Promise<boolean> {
      for await (const event of maps.events.events()) return event.last;
      return false;
    }`;

  const WRONG = [
    "spec.map('host');",
    "spec.program('core');",
    "spec.variable('threshold').set(5);",
    "spec.variable('limits').set({ packets: 1n });",
    'export const none: CoreReason = 4;',
    "export const hosts: CoreTestObject['maps']['hosts'] = null;",
  ].map((line) => `// @ts-expect-error\n${line}`);

  /** What tsc says to it, strictly. An expected error that does not come is an error. */
  function compileTypes(usage: string): string {
    const core = join(repository, 'packages/core/src/index.js');
    return inTemporaryDirectory((directory) => {
      const config = {
        extends: join(repository, 'tsconfig.base.json'),
        compilerOptions: { types: ['node'], typeRoots: [join(repository, 'node_modules/@types')] },
        include: ['.'],
      };
      writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
      writeFileSync(join(directory, 'core_test.gen.ts'), generate(spec, { core }));
      writeFileSync(join(directory, 'usage.ts'), usage);
      const tsc = join(repository, 'node_modules/typescript/bin/tsc');
      const { stdout } = spawnSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8' });
      return stdout
        .split('\n')
        .filter((line) => /^(usage|core_test\.gen)|\/(usage|core_test\.gen)\.ts/.test(line))
        .join('\n');
    });
  }

  it('fit, and refuse what does not', () => {
    expect(compileTypes([RIGHT, ...WRONG].join('\n'))).toBe('');
    expect(compileTypes(`${RIGHT}\nspec.map('host');`)).toContain('not assignable to parameter');
  });
});

describe('cryptbpf-gen', () => {
  it('writes what is committed', () => {
    const committed = fileURLToPath(new URL('./core_test.gen.ts', import.meta.url));
    expect(command(corePath, '-o', committed, '--core', '../src/index.js', '--check')).toEqual({
      code: 0,
      printed: '',
    });
  });

  it('tells where a file differs', () => {
    inTemporaryDirectory((directory) => {
      const file = join(directory, 'x.gen.ts');
      expect(command(corePath, '-o', file, '--check').code).toBe(1);
      expect(command(corePath, '-o', file)).toEqual({ code: 0, printed: '' });
      expect(command(corePath, '-o', file, '--check')).toEqual({ code: 0, printed: '' });
      writeFileSync(file, readFileSync(file, 'utf8').replace('CORE_SLOTS = 16', 'CORE_SLOTS = 17'));
      const { code, printed } = command(corePath, '-o', file, '--check');
      expect(code).toBe(1);
      expect(printed).toContain('- export const CORE_SLOTS = 17;\n+ export const CORE_SLOTS = 16;\n');
    });
  });

  it('writes enums alone', () => {
    inTemporaryDirectory((directory) => {
      const file = join(directory, 'x.gen.ts');
      expect(command(corePath, '-o', file, '--only', 'enums').code).toBe(0);
      expect(readFileSync(file, 'utf8')).toBe(generate(spec, { only: 'enums' }));
    });
  });

  it.each([
    [[], 'one object, please'],
    [['a.o', 'b.o', '-o', 'x'], 'one object, please'],
    [['a.o'], '-o names the file to write'],
    [['a.o', '-o', 'x', '--only', 'maps'], '--only knows "enums" and "codecs"'],
    [['a.o', '--bogus'], "Unknown option '--bogus'"],
  ])('explains itself for %j', (args, message) => {
    const { code, printed } = command(...args);
    expect(code).toBe(2);
    expect(printed).toContain(message);
    expect(printed).toContain('usage: cryptbpf-gen');
  });

  it('refuses an object that is none, in one line', () => {
    const { code, printed } = command('/bin/true', '-o', '/dev/null');
    expect(code).toBe(1);
    expect(printed).toMatch(/^cryptbpf-gen: object is for ELF machine .*\n$/);
  });
});
