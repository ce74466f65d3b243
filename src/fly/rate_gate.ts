/** Keeps requests within a service's rate limit, so that it need not refuse them.
 * @module
 */
import type { Host } from "../host.ts";

/** A limit: a burst at once, then so many a second. */
interface RateLimit {
  /** How many may go at once. */
  readonly burst: number;
  /** How many more each second. */
  readonly perSecond: number;
}

/** Lets requests through at a limited rate, separately for each key. */
export class RateGate {
  readonly #host: Pick<Host, "monotonicNow" | "sleep">;
  readonly #limit: RateLimit;
  // For each key: the moment at which all that was let through would have been regained.
  readonly #fullAt = new Map<string, number>();

  constructor(host: Pick<Host, "monotonicNow" | "sleep">, limit: RateLimit) {
    this.#host = host;
    this.#limit = limit;
  }

  /** Waits until one more request is within the limit. */
  async pass(key: string, signal?: AbortSignal): Promise<void> {
    const now = this.#host.monotonicNow();
    const costMs = 1000 / this.#limit.perSecond;
    const fullAt = Math.max(this.#fullAt.get(key) ?? 0, now) + costMs;
    this.#fullAt.set(key, fullAt);
    const waitMs = fullAt - now - this.#limit.burst * costMs;
    if (waitMs > 0) await this.#host.sleep(waitMs, signal);
  }
}
