/** Stable names of what can go wrong, for `switch (error.code)`. */
export type BpfErrorCode = 'ERR_BAD_OBJECT' | 'ERR_UNSUPPORTED_TYPE' | 'ERR_BAD_VALUE' | 'ERR_NOT_FOUND';

/** The base of every error that this package throws. */
export class BpfError extends Error {
  readonly code: BpfErrorCode;

  constructor(code: BpfErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BpfError';
    this.code = code;
  }
}
