/** Steps that take time, told to the reporter.
 * @module
 */
import type { RolloutDeps } from "./deps.ts";

/** How a step is told. */
interface StepOptions<T> {
  /** A verb phrase, for example `Publish release`. */
  readonly name: string;
  /** On what. */
  readonly detail?: string;
  /** When it began, on the clock that never jumps, if it has been under way for a while. Default: now. */
  readonly begun?: number;
  /** Says what came of it; null if it did not end well. */
  readonly result?: (value: T) => string | null;
}

/** Does one step and tells the reporter when it begins and when it ended well. */
export async function tell<T>(
  { host, reporter }: Pick<RolloutDeps, "host" | "reporter">,
  options: StepOptions<T>,
  act: () => Promise<T>,
): Promise<T> {
  const { name, detail, result } = options;
  const start = options.begun ?? host.monotonicNow();
  reporter.emit({
    type: "step",
    name,
    ...(detail === undefined ? {} : { detail }),
  });
  const value = await act();
  const outcome = result?.(value);
  if (outcome === null) return value;
  reporter.emit({
    type: "done",
    name,
    ms: host.monotonicNow() - start,
    ...(outcome === undefined ? {} : { detail: outcome }),
  });
  return value;
}

/** Counts in words, for example `1 machine` or `3 machines`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
