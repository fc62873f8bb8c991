import { once } from 'node:events';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import type { Checkpoint } from './checkpoint.js';
import type { LogEntry } from './entries.js';
import { LogError } from './errors.js';
import { type Format, formatRecord } from './format.js';
import { frameOfLine } from './forward.js';
import { toJson } from './json.js';
import { generateRecipient } from './keys.js';
import { type OpenLogOptions, openLog, type Totals } from './reader.js';

const USAGE = `usage: cryptbpf-log keygen NAME
       cryptbpf-log collect FILE
       cryptbpf-log decrypt --key NAME.pem [--log ID] [--format plain|ecs|otel] [--strict] FILE...
       cryptbpf-log verify --key NAME.pem [--log ID] [--checkpoint FILE] [--strict] FILE...

  keygen    writes NAME.pem, which stays on this machine, and NAME.pub.pem, for the hosts that log
  collect   appends to FILE what a logger forwards, from lines of JSON on stdin
  decrypt   prints records, one JSON object a line; what is wrong goes to stderr
  verify    prints what is wrong, and totals
  --log     the id that the log must have, as the logger told it
  --checkpoint  JSON that logger.checkpoint() gave to a witness
  --strict  events that were lost, as the log proves, are wrong too

Exit code: 0, 1 when something is wrong with the log, 2 for wrong arguments or an error.
`;
const FORMATS = ['plain', 'ecs', 'otel'];

class UsageError extends Error {}

interface Arguments {
  readonly key: string;
  readonly logId: string | undefined;
  readonly format: Format;
  readonly checkpoints: Checkpoint[];
  readonly isStrict: boolean;
  readonly files: string[];
}

interface Output {
  readonly out: Writable;
  readonly err: Writable;
}

/** What cryptbpf-log does. Resolves to its exit code. */
export async function run(
  args: string[],
  output: Output = { out: process.stdout, err: process.stderr },
  input: Readable = process.stdin,
): Promise<number> {
  const [command, ...rest] = args;
  try {
    if (command === 'keygen') return keygen(rest);
    if (command === 'collect') return await collect(rest, input);
    if (command === 'decrypt') return await decrypt(parse(rest), output);
    if (command === 'verify') return await verify(parse(rest), output);
    throw new UsageError(command === undefined ? 'a command, please' : `there is no command "${command}"`);
  } catch (error) {
    const isOurs =
      error instanceof LogError || error instanceof UsageError || (error as NodeJS.ErrnoException).code;
    if (!isOurs) throw error;
    output.err.write(
      `cryptbpf-log: ${(error as Error).message}\n${error instanceof UsageError ? USAGE : ''}`,
    );
    return 2;
  }
}

function keygen([name, ...more]: string[]): number {
  if (name === undefined || more.length > 0) throw new UsageError('keygen takes one name');
  const { privatePem, publicPem } = generateRecipient();
  writeFileSync(`${name}.pem`, privatePem, { mode: 0o600, flag: 'wx' });
  writeFileSync(`${name}.pub.pem`, publicPem, { flag: 'wx' });
  return 0;
}

async function collect([path, ...more]: string[], input: Readable): Promise<number> {
  if (path === undefined || more.length > 0) throw new UsageError('collect takes one file');
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
  const frames = async function* (lines: AsyncIterable<string>) {
    for await (const line of lines) yield frameOfLine(line);
  };
  await pipeline(createInterface({ input }), frames, file);
  return 0;
}

function parse(args: string[]): Arguments {
  const { values, positionals } = parseOptions(args);
  if (values.key === undefined) throw new UsageError('--key names the private key');
  if (positionals.length === 0) throw new UsageError('which files?');
  const format = values.format ?? 'plain';
  if (!FORMATS.includes(format)) throw new UsageError(`--format knows ${FORMATS.join(', ')}`);
  return {
    key: readFileSync(values.key, 'utf8'),
    logId: values.log,
    format: format as Format,
    checkpoints: values.checkpoint === undefined ? [] : [JSON.parse(readFileSync(values.checkpoint, 'utf8'))],
    isStrict: values.strict === true,
    files: positionals,
  };
}

function parseOptions(args: string[]) {
  try {
    const text = { type: 'string' } as const;
    return parseArgs({
      args,
      allowPositionals: true,
      options: { key: text, log: text, format: text, checkpoint: text, strict: { type: 'boolean' } },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function decrypt(options: Arguments, { out, err }: Output): Promise<number> {
  const log = openLog(options as OpenLogOptions);
  for await (const batch of log.batches()) {
    await write(out, linesOf(batch, options.format));
    await write(err, findingsOf(batch));
  }
  return exitCode(log.totals, options);
}

async function verify(options: Arguments, { out }: Output): Promise<number> {
  const log = openLog(options as OpenLogOptions);
  for await (const batch of log.batches()) await write(out, findingsOf(batch));
  await write(out, `${toJson(log.totals)}\n`);
  return exitCode(log.totals, options);
}

function exitCode({ findings, lost, missed }: Totals, { isStrict }: Arguments): number {
  const counts = isStrict ? [...Object.values(lost), ...Object.values(missed)] : [];
  return findings > 0 || counts.some((count) => count > 0) ? 1 : 0;
}

function linesOf(batch: readonly LogEntry[], format: Format): string {
  return batch
    .map((entry) => (entry.kind === 'record' ? formatRecord(entry, format) : undefined))
    .filter((line) => line !== undefined)
    .map((line) => `${line}\n`)
    .join('');
}

function findingsOf(batch: readonly LogEntry[]): string {
  return batch
    .filter((entry) => entry.kind === 'finding')
    .map((entry) => `${toJson(entry)}\n`)
    .join('');
}

/** As fast as it is taken. */
async function write(stream: Writable, text: string): Promise<void> {
  if (text !== '' && !stream.write(text)) await once(stream, 'drain');
}
