/** Stable names of what can go wrong, for `switch (error.code)`. */
export type BpfErrorCode =
  | 'ERR_BAD_ADDRESS'
  | 'ERR_BAD_OBJECT'
  | 'ERR_BAD_OPTION'
  | 'ERR_BAD_VALUE'
  | 'ERR_BUSY'
  | 'ERR_CLOSED'
  | 'ERR_EXISTS'
  | 'ERR_INCOMPATIBLE'
  | 'ERR_ITERATION_ABORTED'
  | 'ERR_KEY_SIZE'
  | 'ERR_LIBBPF_VERSION'
  | 'ERR_LOAD'
  | 'ERR_MAP_FULL'
  | 'ERR_NOT_FOUND'
  | 'ERR_NOT_SUPPORTED'
  | 'ERR_NO_BPFFS'
  | 'ERR_NO_BTF'
  | 'ERR_NO_INTERFACE'
  | 'ERR_NO_LIBBPF'
  | 'ERR_PERMISSION'
  | 'ERR_REFUSED'
  | 'ERR_SYSCALL'
  | 'ERR_UNSUPPORTED_TYPE'
  | 'ERR_VALUE_SIZE'
  | 'ERR_VERIFIER';

/** The base of every error that this package throws. */
export class BpfError extends Error {
  readonly code: BpfErrorCode;
  /** Of the system call that failed, where there was one. */
  readonly errno: number | undefined;

  constructor(code: BpfErrorCode, message: string, options?: ErrorOptions & { errno?: number }) {
    super(message, options);
    this.name = 'BpfError';
    this.code = code;
    this.errno = options?.errno;
  }
}

/** The kernel's verifier refused a program. */
export class VerifierError extends BpfError {
  readonly program: string;
  /** The line or lines of the log that say why. */
  readonly summary: string;
  /** The whole log, line by line; empty when the kernel gave none. */
  readonly log: readonly string[];

  constructor(program: string, log: readonly string[], errno: number) {
    const summary = summarize(log);
    super('ERR_VERIFIER', `program ${program} was refused by the verifier: ${summary}`, { errno });
    this.name = 'VerifierError';
    this.program = program;
    this.summary = summary;
    this.log = log;
  }
}

/**
 * The line or lines of a verifier's log that say why. Since Linux 7.3 a log ends with a report that has a heading
 * and a "Reason:". Before that the last line says why, but for the statistics behind it; where it goes on from the
 * line before, both are needed.
 */
function summarize(log: readonly string[]): string {
  return reported(log) ?? lastWords(log) ?? 'the kernel gave no log: it may lack a privilege, or memory';
}

/** From "Verification failed: what", and what stands indented below "Reason:". */
function reported(log: readonly string[]): string | undefined {
  const start = log.findLastIndex((line) => line.startsWith('Reason:'));
  if (start < 0) return undefined;
  const [first = '', ...rest] = log.slice(start);
  const end = rest.findIndex((line) => !/^\s+\S/.test(line));
  const reason = [first.slice('Reason:'.length), ...rest.slice(0, end < 0 ? undefined : end)];
  const heading = log.findLast((line) => line.startsWith('Verification failed:')) ?? '';
  const words = reason.map((line) => line.trim()).filter((line) => line !== '');
  return [heading.slice('Verification failed:'.length).trim(), words.join(' ')].filter(Boolean).join(': ');
}

function lastWords(log: readonly string[]): string | undefined {
  const lines = log.map((line) => line.trimEnd()).filter((line) => line !== '' && !isStatistics(line));
  const [before, last] = lines.slice(-2).length === 2 ? lines.slice(-2) : [undefined, lines[0]];
  const goesOn = last !== undefined && /^(\t|R\d|invalid bpf_context access)/.test(last);
  return goesOn && before !== undefined ? `${before.trim()}: ${last.trim()}` : last?.trim();
}

function isStatistics(line: string): boolean {
  return /^(processed \d+ insns|verification time |stack depth )/.test(line);
}
