import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { removePins } from '../pin.js';

/* On which interfaces a feature is: folders beside its maps, since bpffs has room for names alone. */

export interface Mark {
  /** Of the network, without which the index says nothing. */
  readonly namespace: number;
  readonly index: number;
}

export function setMark(directory: string, mark: Mark): void {
  mkdirSync(pathOf(directory, mark), { recursive: true });
}

export function removeMark(directory: string, mark: Mark): void {
  removePins(pathOf(directory, mark));
}

export function marksIn(directory: string): Mark[] {
  if (!existsSync(directory)) return [];
  const marks = readdirSync(directory).flatMap((name) => {
    const [, namespace, index] = /^on-(\d+)-(\d+)$/.exec(name) ?? [];
    return index === undefined ? [] : [{ namespace: Number(namespace), index: Number(index) }];
  });
  return marks.sort((a, b) => a.namespace - b.namespace || a.index - b.index);
}

const pathOf = (directory: string, { namespace, index }: Mark) => `${directory}/on-${namespace}-${index}`;
