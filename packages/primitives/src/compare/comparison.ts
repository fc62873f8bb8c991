/** What one implementation says to one input. */
export interface Answer {
  readonly by: string;
  /** For people: VALID, or a digest. The same text is the same answer. */
  readonly says: string;
  /** What the kernel's program returned, 0 or -errno. */
  readonly code?: number;
}

export interface ComparedCase {
  readonly title: string;
  readonly input: string;
  readonly answers: readonly Answer[];
  /** What all should say, where that is known. */
  readonly expected?: string;
}

export interface Speed {
  readonly by: string;
  /** Of one operation. */
  readonly ns: number;
}

export interface Comparison {
  readonly name: string;
  readonly cases: readonly ComparedCase[];
  /** Random inputs on top of the cases. */
  readonly random: { readonly count: number; readonly agreeing: number };
  readonly speeds: { readonly operation: string; readonly of: readonly Speed[] };
}

export interface ComparisonOptions {
  /** How many random inputs. Default 1000. */
  readonly random?: number;
}

export function agrees({ answers, expected = answers[0]?.says }: ComparedCase): boolean {
  return answers.every(({ says }) => says === expected);
}

export function isUnanimous({ cases, random }: Comparison): boolean {
  return cases.every(agrees) && random.agreeing === random.count;
}
