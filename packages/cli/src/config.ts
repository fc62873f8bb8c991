import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { codeOf, Exit, Failure } from './failure.js';
import { type Keys, Mismatch, type Shape } from './shapes/shape.js';

/** A file of options, YAML or JSON, that knows where each of them is. */
export class Config<T = Record<string, unknown>> {
  /** As the package takes them. */
  readonly options: T;
  readonly #source: Source | undefined;

  private constructor(options: T, source?: Source) {
    this.options = options;
    this.#source = source;
  }

  /** Without a path: no options, if there may be none. Throws Failure, with line and column, for what is wrong. */
  static read<T>(path: string | undefined, shape: Shape<T>): Config<T> {
    const source = path === undefined ? undefined : new Source(path);
    const place = { keys: [], folder: path === undefined ? '.' : dirname(path) };
    try {
      return new Config(shape.read(source?.value ?? {}, place), source);
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      if (source) throw source.failure(error.keys, error);
      throw new Failure(Exit.USAGE, `${error.message}: give it in a file, with --config`, { cause: error });
    }
  }

  /** The error of a package about an option, with the place of that option if it is from this file. */
  locate(error: unknown): unknown {
    const message = error instanceof Error ? error.message : '';
    const name = /^option ([\w.]+)/.exec(message)?.[1];
    if (name === undefined || codeOf(error) === undefined || !this.#source?.has(name.split('.')[0]!))
      return error;
    return this.#source.failure(name.split('.'), error as Error);
  }
}

/** The text of a file, and where in it things are. */
class Source {
  readonly #path: string;
  readonly #document: Document;
  readonly #lines = new LineCounter();

  constructor(path: string) {
    this.#path = path;
    const document = parseDocument(textOf(path), { lineCounter: this.#lines });
    this.#document = document;
    const [error] = document.errors;
    if (error) throw new Failure(Exit.USAGE, `${this.#at(error.pos[0])}: ${error.message.split('\n')[0]}`);
    if (!isMap(document.contents) && document.contents !== null)
      throw new Failure(Exit.USAGE, `${path}:1:1: expected options by their names, such as "ports: [443]"`);
  }

  get value(): unknown {
    return this.#document.toJS() ?? {};
  }

  has(name: string): boolean {
    return this.#document.has(name);
  }

  /** At the innermost of keys that is there; at the key itself, where it is the key that is wrong. */
  failure(keys: Keys, cause: Error): Failure {
    const message = `${this.#placeOf(keys, cause.message)}: ${cause.message}`;
    return new Failure(Exit.USAGE, message, { cause });
  }

  #placeOf(keys: Keys, message: string): string {
    if (message.endsWith('is not known')) return this.#at(this.#keyOffset(keys));
    for (let length = keys.length; length > 0; length--) {
      const node = this.#document.getIn(keys.slice(0, length), true);
      if (isNode(node) && node.range) return this.#at(node.range[0]);
    }
    return this.#at(0);
  }

  #keyOffset(keys: Keys): number {
    const parent =
      keys.length === 1 ? this.#document.contents : this.#document.getIn(keys.slice(0, -1), true);
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && `${key.value}` === keys.at(-1))
      : undefined;
    return (isNode(pair?.key) && pair.key.range?.[0]) || 0;
  }

  #at(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.#path}:${line}:${col}`;
  }
}

/** Throws Failure. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(Exit.USAGE, `cannot read ${path}: ${code}`, { cause: error });
  }
}
