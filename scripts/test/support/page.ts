import { readFileSync } from 'node:fs';
import { root } from './packed.js';

interface Fence {
  /** sh, js, text … */
  readonly language: string;
  /** The name of the file that it is, if it is one. */
  readonly file: string | undefined;
  readonly text: string;
}

/** The code of a page, in its order. */
export function fencesOf(page: string): Fence[] {
  const text = readFileSync(`${root}${page}`, 'utf8');
  return [...text.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(([, language, file, code]) => ({
    language: language!,
    file,
    text: code!,
  }));
}
