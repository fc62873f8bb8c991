import { existsSync, readdirSync, rmSync } from 'node:fs';
import { type BpfMap, type Link, openLink, Program } from '@cryptbpf/core';
import { LogError } from './errors.js';

/** What records: kept by the kernel when the controller is gone. */
export interface Recording {
  readonly links: Link[];
  readonly programs: Program[];
}

/**
 * Names in bpffs by which a log's programs go on without a controller, and by which the next one finds them: below root, in
 * a directory for what they do (fingerprint).
 */
export class LogPins {
  readonly #root: string;
  readonly #directory: string;

  /** Throws ERR_LOG_BUSY when what is there does something else. */
  constructor(root: string, fingerprint: string) {
    this.#root = root;
    this.#directory = `${root}/${fingerprint}`;
    const others = list(root).filter((name) => name !== fingerprint);
    if (others.length === 0) return;
    const message = `${root} has another log, or one with other options: attach with those and detach(), or remove it`;
    throw new LogError('ERR_LOG_BUSY', message);
  }

  /** Paths of maps by name; undefined: there are none. What was not set up to its end is removed. */
  maps(): Record<string, string> | undefined {
    if (existsSync(`${this.#directory}/ready`)) return this.#paths('maps');
    if (existsSync(this.#directory)) removeAll(this.#directory);
    return undefined;
  }

  open(): Recording {
    return {
      links: Object.values(this.#paths('links')).map((path) => openLink(path)),
      programs: Object.values(this.#paths('programs')).map((path) => Program.open(path)),
    };
  }

  /** The first map is pinned once more, last, which tells that all are there. */
  keep(maps: readonly BpfMap[], { links, programs }: Recording): void {
    for (const map of maps) map.pin(`${this.#directory}/maps/${map.name}`);
    for (const program of programs) program.pin(`${this.#directory}/programs/${program.name}`);
    for (const [i, link] of links.entries()) link.pin(`${this.#directory}/links/${i}`);
    maps[0]!.pin(`${this.#directory}/ready`);
  }

  remove(): void {
    removeAll(this.#directory);
    if (list(this.#root).length === 0) removeAll(this.#root);
  }

  #paths(kind: string): Record<string, string> {
    const directory = `${this.#directory}/${kind}`;
    return Object.fromEntries(list(directory).map((name) => [name, `${directory}/${name}`]));
  }
}

function list(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

function removeAll(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}
