/** The bucket's clock, as far as its answers tell it: the one clock that two deployers share.
 * @module
 */

/** What one answer says about the bucket's clock. */
export interface BucketTime {
  /** What its Date header said, in milliseconds since 1970; up to a second late. */
  readonly date: number;
  /** When the request was sent, on a clock of this computer that never jumps. */
  readonly sentAt: number;
  /** When its answer came, on the same clock. */
  readonly receivedAt: number;
}

/** What the bucket's clock says at the earliest. */
export function bucketNow(
  { date, receivedAt }: BucketTime,
  monotonicNow: number,
): number {
  return Math.floor(date + monotonicNow - receivedAt);
}

/** Until when something holds that ends at a moment of the bucket's clock. */
export function endsAt({ date, sentAt }: BucketTime, end: number): number {
  return sentAt + (end - date);
}
