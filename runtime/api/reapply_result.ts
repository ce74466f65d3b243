/** What `reapply()` tells.
 * @module
 */

/** What `reapply()` did. */
export type ReapplyResult =
  | {
    /** A hot upgrade is applied. */
    readonly status: "applied";
    /** Its version. */
    readonly version: string;
    /** What code runs. */
    readonly fingerprint: string;
  }
  | {
    /** The base image runs as it is. */
    readonly status: "none";
  }
  | {
    /** This process is none of flyhot's business. */
    readonly status: "skipped";
    /** Why. */
    readonly reason: string;
  }
  | {
    /** The current upgrade could not be applied; the base image runs. */
    readonly status: "error";
    /** What was tried, on what, and why it failed. */
    readonly reason: string;
  };
