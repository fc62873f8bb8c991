/** Who may prove, of one kind. */
export interface Provers {
  list(): readonly unknown[];
}

export interface RemoveOptions {
  /** Seconds for which proofs count still. Default 0. */
  after?: number;
}
