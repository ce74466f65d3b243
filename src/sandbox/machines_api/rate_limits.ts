/** The rate limits of the Machines API.
 *
 * {@link https://fly.io/docs/machines/api/working-with-machines-api/#rate-limits}: one request a second for every action
 * and id with bursts of three; reading one machine five a second with bursts of ten.
 * @module
 */

/** Counts requests by action and id. */
export class RateLimits {
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** Takes one request; false if it is one too many. */
  take(action: string, id: string, now: number): boolean {
    const [perSecond, burst] = action === "get" ? [5, 10] : [1, 3];
    const key = `${action} ${id}`;
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const refilled = bucket.tokens + (now - bucket.at) / 1000 * perSecond;
    const tokens = Math.min(burst, refilled);
    const fits = tokens >= 1;
    this.#buckets.set(key, { tokens: fits ? tokens - 1 : tokens, at: now });
    return fits;
  }
}
