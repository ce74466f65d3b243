/** In which order machines get an upgrade.
 * @module
 */

/** Options of {@linkcode planWaves}. */
export interface WaveOptions {
  /** How many machines go first, alone; 0 for none. */
  readonly canary: number;
  /** How many machines may upgrade at a time, at least 1. */
  readonly maxConcurrency: number;
}

/** Divides machines into waves: the canary, then the rest in even portions. */
export function planWaves<T>(
  machines: readonly T[],
  { canary, maxConcurrency }: WaveOptions,
): T[][] {
  if (!Number.isInteger(canary) || canary < 0) {
    throw new RangeError(
      `Cannot plan waves: the canary is ${canary}, expected a whole number from 0`,
    );
  }
  if (!Number.isInteger(maxConcurrency) || maxConcurrency < 1) {
    throw new RangeError(
      `Cannot plan waves: the concurrency is ${maxConcurrency}, expected a whole number from 1`,
    );
  }
  const waves: T[][] = [];
  const first = Math.min(canary, maxConcurrency, machines.length);
  if (first > 0) waves.push(machines.slice(0, first));
  const rest = machines.slice(first);
  const count = Math.ceil(rest.length / maxConcurrency);
  for (let wave = 0; wave < count; wave++) {
    waves.push(rest.slice(
      Math.floor(wave * rest.length / count),
      Math.floor((wave + 1) * rest.length / count),
    ));
  }
  return waves;
}
