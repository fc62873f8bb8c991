/*
 * How a command ends. 0: done. 1: it could not be done, and the message says why. 2: the command line or the
 * configuration is wrong. 3: this machine, or what is installed on it, cannot do it.
 */
export const Exit = { FAILED: 1, USAGE: 2, UNABLE: 3 } as const;

export class Failure extends Error {
  readonly exit: number;

  constructor(exit: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Failure';
    this.exit = exit;
  }
}

/** Codes of the packages' errors that are about what was asked for. */
const ASKED = /^ERR_BAD_/;
const UNABLE = new Set(['ERR_PERMISSION', 'ERR_NOT_SUPPORTED', 'ERR_NO_BPFFS', 'ERR_NO_LIBBPF']);

export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

export function exitOf(error: unknown): number {
  if (error instanceof Failure) return error.exit;
  const code = codeOf(error) ?? '';
  if (ASKED.test(code)) return Exit.USAGE;
  return UNABLE.has(code) ? Exit.UNABLE : Exit.FAILED;
}
