import { InvalidArgumentError } from 'commander';

/** Where everything is pinned, unless it is said otherwise. */
export const PIN_PATH = '/sys/fs/bpf/cryptbpf';

/** For options that may be given several times. */
export const collect = (value: string, all: string[] = []) => [...all, value];

export function wholeFrom(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number.');
}

type Given<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

/** Of the command line, what was given. */
export function given<T extends object>(options: T): Given<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<T>;
}
