/**
 * Types of what `@std/fmt/duration` exports.
 *
 * @module
 */

/** Settings of {@linkcode format}. */
export interface FormatOptions {
  /** `1s`, `00:00:00:01:...` or `1 second`; "narrow" by default. */
  style?: "narrow" | "digital" | "full";
  /** Leave out units that are zero. */
  ignoreZero?: boolean;
}

/** Writes a duration in milliseconds for people. */
export declare function format(ms: number, options?: FormatOptions): string;
