import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { BpfError } from '../errors.js';
import { openObject } from '../spec.js';
import { type GenerateOptions, generate } from './generate.js';

const USAGE = `usage: cryptbpf-gen <object.bpf.o> -o <file.gen.ts> [--only enums|codecs] [--core <module>] [--check]

  -o, --output    the file to write
  --only enums    constants and enums alone, without imports: for code that runs in browsers
  --only codecs   these and structs with their codecs, without what opens the object
  --core          the module to import from, instead of @cryptbpf/core
  --check         write nothing; exit 1 if the file differs from what would be written
`;

interface Arguments {
  readonly object: string;
  readonly output: string;
  readonly only: GenerateOptions['only'];
  readonly core: string | undefined;
  readonly check: boolean;
}

class UsageError extends Error {}

/** Runs cryptbpf-gen. Returns its exit code: 0, 1 for a refusal or a difference, 2 for wrong arguments. */
export function run(args: string[], print: (text: string) => void): number {
  try {
    const parsed = parse(args);
    const text = generate(openObject(pathToFileURL(resolve(parsed.object))), {
      only: parsed.only,
      ...(parsed.core === undefined ? {} : { core: parsed.core }),
    });
    if (parsed.check) return check(parsed, text, print);
    writeFileSync(parsed.output, text);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      print(`cryptbpf-gen: ${error.message}\n${USAGE}`);
      return 2;
    }
    if (!(error instanceof BpfError)) throw error;
    print(`cryptbpf-gen: ${error.message}\n`);
    return 1;
  }
}

function parse(args: string[]): Arguments {
  const { values, positionals } = parseOptions(args);
  const [object, ...others] = positionals;
  if (object === undefined || others.length > 0) throw new UsageError('one object, please');
  if (values.output === undefined) throw new UsageError('-o names the file to write');
  return {
    object,
    output: values.output,
    only: partOf(values.only),
    core: values.core,
    check: values.check ?? false,
  };
}

function partOf(only: string | undefined): GenerateOptions['only'] {
  if (only === undefined || only === 'enums' || only === 'codecs') return only;
  throw new UsageError('--only knows "enums" and "codecs"');
}

function parseOptions(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        output: { type: 'string', short: 'o' },
        only: { type: 'string' },
        core: { type: 'string' },
        check: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function check({ object, output }: Arguments, text: string, print: (text: string) => void): number {
  const present = readOrNothing(output);
  if (present === text) return 0;
  print(`cryptbpf-gen: ${output} is not what ${object} gives; run again without --check\n`);
  print(firstDifference(present ?? '', text));
  return 1;
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function firstDifference(present: string, wanted: string): string {
  const old = present.split('\n');
  const now = wanted.split('\n');
  const at = now.findIndex((line, i) => line !== old[i]);
  const line = at < 0 ? now.length : at;
  return `line ${line + 1}:\n- ${old[line] ?? ''}\n+ ${now[line] ?? ''}\n`;
}
