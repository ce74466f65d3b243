/** Trying again after trouble that may pass.
 * @module
 */
import { pause } from "./pause.ts";

/** How long to wait before the next attempt. */
export interface RetryDelay {
  /** The wait after the first attempt, in milliseconds; doubled with each further one. */
  readonly firstMs: number;
  /** The longest wait, in milliseconds. Default no bound */
  readonly lastMs?: number;
  /** Draws from 0 to 1, so that not all come again at once: the wait is between half and all of it. Default all of it */
  readonly random?: () => number;
}

/** What is tried again, and how often. */
export interface RetryOptions<T> extends RetryDelay {
  /** How many attempts there are at most. Default as many as it takes */
  readonly attemptsMax?: number;
  /** Tells errors that may pass from those that stay. Default none passes */
  readonly isTransient?: (error: unknown) => boolean;
  /** Tells values that are not the last word; the last attempt's is returned all the same. Default each is */
  readonly isUnsettled?: (value: T) => boolean;
  /** Gives up early. */
  readonly signal?: AbortSignal | undefined;
  /** Waits. Default {@linkcode pause} */
  readonly wait?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/**
 * Does something until it succeeds, fails for good, or there are no attempts left.
 *
 * @param work one attempt, by its number from 1 on
 * @param options what is tried again, and how often
 * @returns the value of the last attempt
 * @throws the error of the last attempt; the signal's reason once that is given
 */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  options: RetryOptions<T>,
): Promise<T> {
  const {
    attemptsMax = Infinity,
    isTransient = () => false,
    isUnsettled = () => false,
    signal,
    wait = (ms, signal) => pause(ms, { signal }),
  } = options;
  for (let attempt = 1;; attempt++) {
    try {
      const value = await work(attempt);
      if (attempt >= attemptsMax || !isUnsettled(value)) return value;
    } catch (error) {
      signal?.throwIfAborted();
      if (attempt >= attemptsMax || !isTransient(error)) throw error;
    }
    await wait(retryDelayMs(attempt, options), signal);
    signal?.throwIfAborted();
  }
}

/**
 * How long to wait before the next attempt.
 *
 * @param attempts how many have failed so far, at least 1
 * @param delay the bounds
 * @returns milliseconds
 */
export function retryDelayMs(
  attempts: number,
  { firstMs, lastMs = Infinity, random }: RetryDelay,
): number {
  const whole = Math.min(lastMs, firstMs * 2 ** (attempts - 1));
  return random ? Math.round(whole * (0.5 + random() / 2)) : whole;
}
