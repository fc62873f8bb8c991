/** What can go wrong between a peer and a gate, whatever the feature. */
export type FailureKind = 'challenge' | 'message' | 'rejected' | 'timeout' | 'network' | 'aborted';

export interface FailureDetails {
  cause?: unknown;
  status?: number;
  reason?: string;
}

/** The base of each feature's error. */
export class GateClientError<Code extends string> extends Error {
  readonly code: Code;
  /** The gate's reason number; only with a refusal by the gate. */
  readonly status?: number;
  /** The name of that reason, `DROP_SPENT` for example. */
  readonly reason?: string;

  constructor(code: Code, message: string, details: FailureDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    if (details.status !== undefined) this.status = details.status;
    if (details.reason !== undefined) this.reason = details.reason;
  }
}

export type FailureCodes<Code extends string> = Record<FailureKind, Code>;
type ErrorClass<Code extends string> = new (
  code: Code,
  message: string,
  details?: FailureDetails,
) => GateClientError<Code>;

/** Makes a feature's errors for what the features have in common. */
export class Failures {
  readonly #type: ErrorClass<string>;
  readonly #codes: FailureCodes<string>;

  private constructor(type: ErrorClass<string>, codes: FailureCodes<string>) {
    this.#type = type;
    this.#codes = codes;
  }

  static of<Code extends string>(type: ErrorClass<Code>, codes: FailureCodes<Code>): Failures {
    return new Failures(type as unknown as ErrorClass<string>, codes);
  }

  make(kind: FailureKind, message: string, details?: FailureDetails): GateClientError<string> {
    return new this.#type(this.#codes[kind], message, details);
  }

  /** Whether it is an error of the feature; with kinds, whether it is one of them. */
  is(error: unknown, ...kinds: FailureKind[]): error is GateClientError<string> {
    if (!(error instanceof this.#type)) return false;
    return kinds.length === 0 || kinds.some((kind) => this.#codes[kind] === error.code);
  }

  /** The error of an aborted signal: its reason where that is the feature's already, else wrapped. */
  aborted(signal: AbortSignal): GateClientError<string> {
    if (this.is(signal.reason)) return signal.reason;
    return this.make('aborted', 'aborted by the caller', { cause: signal.reason });
  }
}
