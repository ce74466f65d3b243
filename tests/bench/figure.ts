/** What a bench yields: figures, each with its goal where there is one.
 * @module
 */

/** What a figure should be. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** One figure. */
export interface Figure {
  /** What was measured. */
  readonly name: string;
  /** How much it is; null where it was not measured, for which `note` says why. */
  readonly value: number | null;
  /** Of what: `ms`, `ns`, `KB`, `x` for a ratio. */
  readonly unit: string;
  /** What it should be, where a goal was set. */
  readonly goal?: Goal;
  /** What it stands beside, or why it was not measured. */
  readonly note?: string;
}

/** How much a bench is to measure. */
export interface BenchSize {
  /** Only that it works: the figures mean nothing. */
  readonly tiny: boolean;
  /** How long load goes on, in seconds. */
  readonly seconds: number;
}

/** Some figures that belong together. */
export interface Bench {
  /** What it measures, in a sentence. */
  readonly about: string;
  /** Measures. */
  readonly run: (size: BenchSize) => AsyncIterable<Figure>;
}

/** Whether a figure is as it should be; null where there is no goal, or no figure. */
export function isMet({ value, goal }: Figure): boolean | null {
  if (value === null || goal === undefined) return null;
  return "atMost" in goal ? value <= goal.atMost : value >= goal.atLeast;
}

/** How a goal reads: `<= 2`. */
export function goalText(goal: Goal | undefined): string {
  if (goal === undefined) return "";
  return "atMost" in goal ? `<= ${goal.atMost}` : `>= ${goal.atLeast}`;
}

/** A number as it is read, with as many digits as it is worth. */
export function numberText(value: number | null): string {
  if (value === null) return "-";
  const size = Math.abs(value);
  const digits = Number.isInteger(value) || size >= 100
    ? 0
    : size >= 10
    ? 1
    : size >= 1
    ? 2
    : 3;
  return value.toLocaleString("en-US", {
    minimumFractionDigits: 0,
    maximumFractionDigits: digits,
  });
}
