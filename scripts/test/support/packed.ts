import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';

/* What npm would publish. */

export const root = new URL('../../../', import.meta.url).pathname;
const directory = `${root}build/packed`;
const index = `${directory}/index.json`;

export interface Packed {
  /** As npm knows it. */
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  readonly shasum: string;
  /** Bytes of the tarball. */
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
  /** The tarball. */
  readonly path: string;
  /** Of its sources, in packages/. */
  readonly folder: string;
  /** Its package.json. */
  readonly manifest: Manifest;
}

export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly license: string;
  readonly exports: Record<string, unknown>;
  readonly bin?: Record<string, string>;
  readonly dependencies: Record<string, string>;
  readonly repository: { readonly directory: string };
  readonly publishConfig: object;
}

/** The folders of the packages that are published. */
function publishedFolders(): string[] {
  const folders = readdirSync(`${root}packages`);
  return folders.filter((folder) => !manifestOf(folder).private).sort();
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(`${root}packages/${folder}/package.json`, 'utf8'));
}

/** All published packages, packed; again only when one was built since. */
export function packed(): Packed[] {
  const folders = publishedFolders();
  if (!isFresh(folders)) pack(folders);
  return JSON.parse(readFileSync(index, 'utf8'));
}

function isFresh(folders: string[]): boolean {
  if (!existsSync(index)) return false;
  const packedAt = statSync(index).mtimeMs;
  const inputs = folders.flatMap((folder) => {
    const own = `${root}packages/${folder}`;
    const built = readdirSync(`${own}/dist`, { recursive: true }).map((file) => `${own}/dist/${file}`);
    return [...built, `${own}/package.json`, `${own}/README.md`, `${own}/LICENSE`];
  });
  return inputs.every((path) => statSync(path).mtimeMs < packedAt);
}

function pack(folders: string[]): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const args = folders.map((folder) => `./packages/${folder}`);
  const json = execFileSync('npm', ['pack', ...args, '--json', '--pack-destination', directory], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const folderOf = new Map(folders.map((folder) => [manifestOf(folder).name, folder]));
  const packages = Object.values<Packed & { filename: string }>(JSON.parse(json));
  const described = packages.map(({ name, version, integrity, shasum, size, files, filename }) => ({
    ...{ name, version, integrity, shasum, size, files },
    path: `${directory}/${filename}`,
    folder: folderOf.get(name)!,
    manifest: manifestOf(folderOf.get(name)!),
  }));
  writeFileSync(index, JSON.stringify(described));
}
