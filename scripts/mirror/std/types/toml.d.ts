/**
 * Types of what `@std/toml` exports.
 *
 * @module
 */

/** Settings of {@linkcode stringify}. */
export interface StringifyOptions {
  /** Align the equals signs of neighboring keys. */
  keyAlignment?: boolean;
}

/** Parses TOML; throws a `SyntaxError` that names the place. */
export declare function parse(tomlString: string): Record<string, unknown>;

/** Writes an object as TOML. */
export declare function stringify(
  obj: Record<string, unknown>,
  options?: StringifyOptions,
): string;
