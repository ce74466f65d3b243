/**
 * Types of what `@std/fmt/printf` exports.
 *
 * @module
 */

/** Fills a format with values, as C does, and returns the text. */
export declare function sprintf(format: string, ...args: unknown[]): string;

/** Fills a format with values and prints the text. */
export declare function printf(format: string, ...args: unknown[]): void;
