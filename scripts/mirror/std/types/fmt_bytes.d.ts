/**
 * Types of what `@std/fmt/bytes` exports.
 *
 * @module
 */

/** Settings of {@linkcode format}. */
export interface FormatOptions {
  /** Count bits instead of bytes. */
  bits?: boolean;
  /** Use powers of 1024 (kiB) instead of 1000 (kB). */
  binary?: boolean;
  /** Put a plus before positive numbers. */
  signed?: boolean;
  /** How numbers are written; `true` is the system's way. */
  locale?: boolean | string | string[];
  /** Least digits behind the point. */
  minimumFractionDigits?: number;
  /** Most digits behind the point. */
  maximumFractionDigits?: number;
}

/** Writes a number of bytes for people: `1.34 kB`. */
export declare function format(num: number, options?: FormatOptions): string;
