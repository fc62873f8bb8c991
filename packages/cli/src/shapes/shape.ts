import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/*
 * What a configuration may say. Each shape reads a value, as it is in the file, into what the package takes, and is
 * the JSON schema of the same: they cannot differ.
 */

export type Keys = readonly (string | number)[];

/** Where a value is: the keys that lead to it, and the folder that files are named from. */
export interface Place {
  readonly keys: Keys;
  readonly folder: string;
}

export class Mismatch extends Error {
  readonly keys: Keys;

  constructor(keys: Keys, message: string) {
    super(`option ${nameOf(keys)} ${message}`);
    this.keys = keys;
  }
}

export interface Shape<T = unknown> {
  readonly schema: Readonly<Record<string, unknown>>;
  /** Of the JSON that it takes, by which alternatives are told apart. */
  readonly kinds: readonly Kind[];
  /** What it is, for messages: "a number from 1 to 9". */
  readonly title: string;
  /** Throws Mismatch. */
  read(value: unknown, place: Place): T;
}

type Kind = 'string' | 'number' | 'boolean' | 'array' | 'object' | 'nothing';

const BASE64 = '^[A-Za-z0-9+/]*={0,2}$';

export function text(options: { pattern?: string; title?: string } = {}): Shape {
  const { pattern, title = 'text' } = options;
  return simple('string', title, { type: 'string', ...(pattern && { pattern }) }, (value) =>
    new RegExp(pattern ?? '').test(value as string),
  );
}

export function choice(...values: readonly (string | boolean)[]): Shape {
  const title = values.map((value) => JSON.stringify(value)).join(' or ');
  return simple(kindOf(values[0]), title, { enum: values }, (value) => values.includes(value as string));
}

export const flag: Shape = simple('boolean', 'true or false', { type: 'boolean' }, () => true);

export function integer(minimum: number, maximum: number): Shape {
  const title = `an integer from ${minimum} to ${maximum}`;
  const isIn = (value: unknown) =>
    Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum;
  return simple('number', title, { type: 'integer', minimum, maximum }, isIn);
}

export function number(minimum: number, maximum: number): Shape {
  const title = `a number from ${minimum} to ${maximum}`;
  const isIn = (value: unknown) => (value as number) >= minimum && (value as number) <= maximum;
  return simple('number', title, { type: 'number', minimum, maximum }, isIn);
}

export function list(of: Shape): Shape {
  return {
    schema: { type: 'array', items: of.schema },
    kinds: ['array'],
    title: `a list, each of ${of.title}`,
    read(value, place) {
      if (!Array.isArray(value)) throw mismatch(value, this.title, place);
      return value.map((each, i) => of.read(each, below(place, i)));
    },
  };
}

type FieldsOf<T> = Partial<Readonly<Record<`${Extract<keyof T, string>}${'' | '!'}`, Shape>>>;

/** Of T, whose fields these shapes read. Required ones end in an exclamation mark. */
export function object<T = Record<string, unknown>>(fields: FieldsOf<T>): Shape<T> {
  const required = Object.keys(fields)
    .filter((name) => name.endsWith('!'))
    .map(bare);
  const shapes = new Map(
    Object.entries<Shape>(fields as Record<string, Shape>).map(([name, shape]) => [bare(name), shape]),
  );
  const properties = Object.fromEntries([...shapes].map(([name, { schema }]) => [name, schema]));
  return {
    schema: { type: 'object', properties, additionalProperties: false, ...(required.length && { required }) },
    kinds: ['object'],
    title: `an object of ${[...shapes.keys()].join(', ')}`,
    read(value, place) {
      if (kindOf(value) !== 'object') throw mismatch(value, this.title, place);
      const missing = required.find((name) => !(name in (value as object)));
      if (missing)
        throw new Mismatch(
          place.keys.length ? place.keys : [missing],
          `${place.keys.length ? `has no ${missing}` : 'is missing'}`,
        );
      return readFields(value as object, shapes, place) as T;
    },
  };
}

function readFields(
  value: object,
  shapes: ReadonlyMap<string, Shape>,
  place: Place,
): Record<string, unknown> {
  const entries = Object.entries(value).map(([name, each]) => {
    const shape = shapes.get(name);
    if (!shape) throw new Mismatch([...place.keys, name], 'is not known');
    return [name, shape.read(each, below(place, name))];
  });
  return Object.fromEntries(entries);
}

/** Objects of any names, such as key ids. */
export function record(of: Shape, names: RegExp, title: string): Shape {
  return {
    schema: { type: 'object', patternProperties: { [names.source]: of.schema }, additionalProperties: false },
    kinds: ['object'],
    title,
    read(value, place) {
      if (kindOf(value) !== 'object') throw mismatch(value, title, place);
      return Object.fromEntries(
        Object.entries(value as object).map(([name, each]) => {
          if (!names.test(name)) throw new Mismatch([...place.keys, name], `is none of ${title}`);
          return [name, of.read(each, below(place, name))];
        }),
      );
    },
  };
}

/** One of several, each of another kind of JSON. */
export function either(...shapes: readonly Shape[]): Shape {
  const title = shapes.map((shape) => shape.title).join(', or ');
  return {
    schema: { anyOf: shapes.map(({ schema }) => schema) },
    kinds: shapes.flatMap(({ kinds }) => kinds),
    title,
    read(value, place) {
      const shape = shapes.find(({ kinds }) => kinds.includes(kindOf(value)));
      if (!shape) throw mismatch(value, title, place);
      return shape.read(value, place);
    },
  };
}

/** Objects whose field `by` says which they are. */
export function variants(by: string, shapes: Readonly<Record<string, Shape>>): Shape {
  const which = choice(...Object.keys(shapes));
  return {
    schema: { anyOf: Object.values(shapes).map(({ schema }) => schema) },
    kinds: ['object'],
    title: `an object with ${by} ${which.title}`,
    read(value, place) {
      if (kindOf(value) !== 'object') throw mismatch(value, this.title, place);
      const kind = which.read((value as Record<string, unknown>)[by], below(place, by)) as string;
      return shapes[kind]!.read(value, place);
    },
  };
}

/** Bytes in base64, or a file that holds them so. */
export function bytes(minimum: number, maximum = minimum): Shape {
  const count = minimum === maximum ? `${minimum}` : `${minimum} to ${maximum}`;
  const title = `${count} bytes in base64`;
  return fromFile(
    { type: 'string', pattern: BASE64, contentEncoding: 'base64' },
    title,
    (value, { keys }) => {
      const read = new Uint8Array(Buffer.from(value.trim(), 'base64'));
      const isRight =
        new RegExp(BASE64).test(value.trim()) && read.length >= minimum && read.length <= maximum;
      /* It may be a secret: the message does not tell it. */
      if (!isRight) throw new Mismatch(keys, `is not what is expected: ${title}`);
      return read;
    },
  );
}

/** PEM, or a file of it. */
export const pem: Shape = fromFile({ type: 'string', pattern: '-----BEGIN ' }, 'PEM', (value, { keys }) => {
  if (!value.includes('-----BEGIN ')) throw new Mismatch(keys, 'is no PEM');
  return value;
});

/** A public key: PEM, a file of it, or a JWK. */
export const publicKey: Shape = {
  schema: { anyOf: [pem.schema, { type: 'object', required: ['kty'] }] },
  kinds: ['string', 'object'],
  title: 'a public key as PEM, JWK or { file: … }',
  read(value, place) {
    const isJwk = kindOf(value) === 'object' && 'kty' in (value as object);
    return isJwk ? value : pem.read(value, place);
  },
};

/** A moment, as RFC 3339 or as a date. */
export const date: Shape = {
  schema: { type: 'string', format: 'date-time' },
  kinds: ['string'],
  title: 'a time such as 2027-01-31 or 2027-01-31T12:00:00Z',
  read(value, place) {
    const at = typeof value === 'string' ? new Date(value) : new Date(Number.NaN);
    if (Number.isNaN(at.getTime())) throw mismatch(value, this.title, place);
    return at;
  },
};

/** Text, or an object `{ file: path }`, whose path is relative to the configuration. */
function fromFile(
  schema: Record<string, unknown>,
  title: string,
  take: (value: string, place: Place) => unknown,
): Shape {
  const file = {
    type: 'object',
    properties: { file: { type: 'string' } },
    required: ['file'],
    additionalProperties: false,
  };
  return {
    schema: { anyOf: [schema, file] },
    kinds: ['string', 'object'],
    title: `${title}, or { file: … }`,
    read(value, place) {
      if (typeof value === 'string') return take(value, place);
      const path = kindOf(value) === 'object' ? (value as { file?: unknown }).file : undefined;
      if (typeof path !== 'string') throw new Mismatch(place.keys, `is not what is expected: ${this.title}`);
      return take(textOf(resolve(place.folder, path), place), place);
    },
  };
}

function textOf(path: string, { keys }: Place): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Mismatch([...keys, 'file'], `cannot be read: ${(error as NodeJS.ErrnoException).code} ${path}`);
  }
}

function simple(
  kind: Kind,
  title: string,
  schema: Shape['schema'],
  isRight: (value: unknown) => boolean,
): Shape {
  return {
    schema,
    kinds: [kind],
    title,
    read(value, place) {
      if (kindOf(value) === kind && isRight(value)) return value;
      throw mismatch(value, title, place);
    },
  };
}

const mismatch = (value: unknown, title: string, { keys }: Place) =>
  new Mismatch(keys, `is ${JSON.stringify(value)}, expected ${title}`);

const below = ({ keys, folder }: Place, key: string | number): Place => ({ keys: [...keys, key], folder });
const bare = (name: string) => name.replace(/!$/, '');

function kindOf(value: unknown): Kind {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'array';
  return typeof value as Kind;
}

function nameOf(keys: Keys): string {
  return keys
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '');
}
