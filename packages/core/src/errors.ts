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
 * Since Linux 7.3 a log ends with a block that has a "Reason:" line. Before that the last line says why,
 * but for the statistics behind it; where it goes on from the line before, both are needed.
 */
export function summarize(log: readonly string[]): string {
  const reason = log.findLastIndex((line) => /^\s*Reason:/.test(line));
  if (reason >= 0) return reasonBlock(log.slice(reason));
  const lines = log.map((line) => line.trimEnd()).filter((line) => line !== '' && !isStatistics(line));
  const last = lines.at(-1);
  if (last === undefined) return 'no log; it may lack a privilege, or memory';
  const before = lines.at(-2);
  const goesOn = /^(\t|R\d|invalid bpf_context access)/.test(last);
  return goesOn && before !== undefined ? `${before.trim()}: ${last.trim()}` : last.trim();
}

function isStatistics(line: string): boolean {
  return /^(processed \d+ insns|verification time |stack depth |mark_precise|max_states_per_insn)/.test(line);
}

function reasonBlock(lines: readonly string[]): string {
  const end = lines.findIndex((line, i) => i > 0 && (line.trim() === '' || isStatistics(line)));
  const block = lines.slice(0, end < 0 ? undefined : end).map((line) => line.trim());
  return block.join(' ').replace(/^Reason:\s*/, '');
}
