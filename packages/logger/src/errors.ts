/** Stable names of what can go wrong, for `switch (error.code)`. */
export type LogErrorCode =
  | 'ERR_LOG_BUSY'
  | 'ERR_LOG_CLOSED'
  | 'ERR_LOG_EVENT'
  | 'ERR_LOG_FILE'
  | 'ERR_LOG_FULL'
  | 'ERR_LOG_KEY'
  | 'ERR_LOG_OPTION'
  | 'ERR_LOG_STATE';

/** What this package throws by itself; what the kernel refuses is a BpfError of @cryptbpf/core. */
export class LogError extends Error {
  readonly code: LogErrorCode;

  constructor(code: LogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LogError';
    this.code = code;
  }
}
