/** Where everything is pinned, unless it is said otherwise. */
export const PIN_PATH = '/sys/fs/bpf/cryptbpf';

/** For options that may be given several times. */
export const collect = (value: string, all: string[] = []) => [...all, value];

/** Of the command line, what was given. */
export function given(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
