import { readFileSync } from 'node:fs';
import { isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { codeOf, Exit, Failure } from './failure.js';

/** A file of options, YAML or JSON, that knows where each of them is. */
export class Config {
  readonly options: Record<string, unknown>;
  readonly #lineOf: (keys: readonly string[]) => string | undefined;

  private constructor(
    options: Record<string, unknown>,
    lineOf: (keys: readonly string[]) => string | undefined,
  ) {
    this.options = options;
    this.#lineOf = lineOf;
  }

  /** Throws Failure, with line and column, for what cannot be read. */
  static read(path: string): Config {
    const lines = new LineCounter();
    const document = parseDocument(textOf(path), { lineCounter: lines });
    const at = (offset: number) => {
      const { line, col } = lines.linePos(offset);
      return `${path}:${line}:${col}`;
    };
    const [error] = document.errors;
    if (error) throw new Failure(Exit.USAGE, `${at(error.pos[0])}: ${error.message.split('\n')[0]}`);
    if (!isMap(document.contents)) {
      throw new Failure(Exit.USAGE, `${path}:1:1: expected options by their names, such as "ports: [443]"`);
    }
    const lineOf = (keys: readonly string[]) => {
      const node = document.getIn(keys, true);
      const offset = isNode(node) ? node.range?.[0] : undefined;
      return offset === undefined ? undefined : at(offset);
    };
    return new Config(document.toJS() as Record<string, unknown>, lineOf);
  }

  /** The error of a package about an option, with the place of that option if it is from this file. */
  locate(error: unknown): unknown {
    const message = error instanceof Error ? error.message : '';
    const name = /^option ([\w.]+)/.exec(message)?.[1];
    if (name === undefined || codeOf(error) === undefined) return error;
    const keys = name.split('.');
    const place = this.#lineOf(keys) ?? this.#lineOf(keys.slice(0, 1));
    return place ? new Failure(Exit.USAGE, `${place}: ${message}`, { cause: error }) : error;
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
