import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './support/packed.js';

const pages = [
  'README.md',
  'SECURITY.md',
  ...readdirSync(`${root}docs`).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
];

describe.each(pages)('%s', (page) => {
  const text = readFileSync(`${root}${page}`, 'utf8');

  it('has links to what is there', () => {
    const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, link]) => link!);
    const local = links.filter((link) => !/^https?:/.test(link));
    expect(local.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  });

  it('names files of the repository that are there', () => {
    const named = [...text.matchAll(/`((?:packages|scripts|examples|docs|bench)\/[\w./-]+\.\w+)`/g)];
    expect(named.map(([, path]) => path!).filter((path) => !existsSync(root + path))).toEqual([]);
  });
});
