/**
 * Types of what `@std/cli/parse-args` exports. Where the
 * original infers more (dotted names, aliases) these promise less, so that what
 * compiles against them compiles against the original too.
 *
 * @module
 */

/** Settings of {@linkcode parseArgs}. */
export interface ParseOptions<
  Booleans extends string = string,
  Strings extends string = string,
  Collected extends string = string,
  Negatable extends string = string,
  Defaults = Record<string, unknown>,
> {
  /** Names that take no value; `true` means every `--name` without `=`. */
  boolean?: boolean | Booleans | readonly Booleans[];
  /** Names whose value stays a string, even if it looks like a number. */
  string?: Strings | readonly Strings[];
  /** Names that may be repeated; their values come as an array. */
  collect?: Collected | readonly Collected[];
  /** Names that may be switched off by `--no-name`. */
  negatable?: Negatable | readonly Negatable[];
  /** Values of names that are not given. */
  default?: Defaults;
  /** Other names for a name. */
  alias?: Readonly<Record<string, string | readonly string[]>>;
  /** Stop at the first argument that is not a flag. */
  stopEarly?: boolean;
  /** Put what follows `--` under the key `--` instead of `_`. */
  "--"?: boolean;
  /** Called for each flag that is not declared; `false` drops it. */
  unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}

type Absent<Name extends string, Negatable extends string> = Name extends
  Negatable ? false : never;

type Value<Name, Given, Defaults> = Name extends keyof Defaults
  ? Given | Defaults[Name]
  : Given | undefined;

/** What {@linkcode parseArgs} returns when it is told names. */
type Parsed<
  Booleans extends string = never,
  Strings extends string = never,
  Collected extends string = never,
  Negatable extends string = never,
  Defaults = Record<never, never>,
> =
  & { _: (string | number)[]; "--"?: string[] }
  & {
    [Name in Exclude<Strings, Collected>]: Value<
      Name,
      string | Absent<Name, Negatable>,
      Defaults
    >;
  }
  & { [Name in Strings & Collected]: string[] }
  & { [Name in Exclude<Booleans, Collected>]: boolean }
  & { [Name in Booleans & Collected]: boolean[] }
  & { [Name in Exclude<Collected, Strings | Booleans>]: unknown[] }
  & Record<string, unknown>;

/** Parses command line arguments into flags and the rest. */
export declare function parseArgs<
  const Booleans extends string = never,
  const Strings extends string = never,
  const Collected extends string = never,
  const Negatable extends string = never,
  Defaults extends Readonly<Record<string, unknown>> = Record<never, never>,
>(
  args: string[],
  options?: ParseOptions<Booleans, Strings, Collected, Negatable, Defaults>,
): Parsed<Booleans, Strings, Collected, Negatable, Defaults>;

// Without this, a declaration file exports its helpers too.
export {};
