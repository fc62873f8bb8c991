import { existsSync, readFileSync, statfsSync } from 'node:fs';

export interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'missing' | 'unknown';
  readonly detail: string;
  /** The command that mends it. */
  readonly fix?: string;
}

export function file(what: string, path: string, detail: string, fix: string): Finding {
  return existsSync(path)
    ? { what, state: 'ok', detail }
    : { what, state: 'missing', detail: `no ${path}`, fix };
}

export function mount(what: string, path: string, magic: number, fix: string): Finding {
  const isMounted = existsSync(path) && statfsSync(path).type === magic;
  return isMounted
    ? { what, state: 'ok', detail: path }
    : { what, state: 'missing', detail: `not at ${path}`, fix };
}

export function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
