import { readFileSync } from 'node:fs';
import { root } from './packed.js';

/** Rows of the table between a page's marks, each by the heads of its columns. */
export function tableOf(page: string, mark: string): Record<string, string>[] {
  const text = readFileSync(`${root}${page}`, 'utf8');
  const [, table] = new RegExp(`<!-- ${mark}: begin -->\n([\\s\\S]*?)<!-- ${mark}: end -->`).exec(text) ?? [];
  if (table === undefined) throw new Error(`${page} lacks the marks of ${mark}`);
  const [head, , ...rows] = table.trim().split('\n').map(cellsOf);
  return rows.map((cells) => Object.fromEntries(head!.map((name, i) => [name, cells[i]!])));
}

const cellsOf = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
