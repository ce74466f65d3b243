/** Flags as data, and the one strict reader of them.
 * @module
 */
import { parseArgs } from "node:util";
import { FlyhotError } from "../errors.ts";
import { nearestName } from "./suggest.ts";

/** Far more than anybody types; its time grows with the square of their number. */
const ARGUMENTS_MAX = 1000;

/** One flag. */
export interface FlagSpec {
  /** The name without hyphens in front, for example `skip-build`. */
  readonly name: string;
  /** What it takes: nothing, a text, or a whole number. */
  readonly type: "boolean" | "string" | "integer";
  /** What it does, in one line of help. */
  readonly description: string;
  /** One letter for short. */
  readonly short?: string;
  /** What stands for the value in help, for example `seconds`. */
  readonly value?: string;
  /** What holds when it is not given, for help. */
  readonly default?: string;
  /** Whether it may be given more than once. */
  readonly repeatable?: boolean;
  /** The least whole number allowed. Default 0. */
  readonly min?: number;
  /** The number that holds where the flag is given without one; left out where it needs one. */
  readonly bare?: number;
}

/** The value that one flag has after reading; undefined where it was not given. */
type FlagValue<S extends FlagSpec> = S extends { type: "boolean" } ? boolean
  : S extends { repeatable: true } ? readonly string[]
  : S extends { type: "integer" } ? number | undefined
  : string | undefined;

/** The values of several flags by name. */
export type FlagValues<F extends readonly FlagSpec[]> = {
  readonly [S in F[number] as S["name"]]: FlagValue<S>;
};

/** What a command line says. */
interface ReadFlags<
  F extends readonly FlagSpec[],
  C extends readonly FlagSpec[],
> {
  readonly flags: FlagValues<F>;
  /** The flags that all commands have in common. */
  readonly common: FlagValues<C>;
  /** The words that belong to no flag, in order. */
  readonly words: readonly string[];
}

/** Reads a command line strictly: what is not known, not complete or given twice is refused. */
export function readFlags<
  const F extends readonly FlagSpec[],
  const C extends readonly FlagSpec[] = readonly [],
>(
  args: readonly string[],
  specs: F,
  commonSpecs?: C,
): ReadFlags<F, C> {
  if (args.length > ARGUMENTS_MAX) {
    throw new FlyhotError(
      "usage",
      `Cannot read the command line: it has ${args.length} arguments, more than ${ARGUMENTS_MAX}`,
      { hint: "put long lists into deno.json; see docs/configuration.md" },
    );
  }
  const all: readonly FlagSpec[] = [...specs, ...commonSpecs ?? []];
  const byName = new Map<string, FlagSpec>(all.map((it) => [it.name, it]));
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      all.map((it) => [it.name, {
        type: it.type === "boolean" || it.bare !== undefined
          ? "boolean" as const
          : "string" as const,
        ...(it.short ? { short: it.short } : {}),
      }]),
    ),
    // Its strict mode knows no suggestions; its tokens know all that is needed.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string[]>();
  const words: string[] = [];
  let taken: unknown = null;
  for (const [index, token] of tokens.entries()) {
    if (token === taken) continue;
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const spec = byName.get(token.name);
    if (!spec) throw unknownFlag(token.rawName, all);
    const values = given.get(spec.name) ?? [];
    if (spec.bare !== undefined && token.value === undefined) {
      const next = tokens[index + 1];
      const isNumber = next?.kind === "positional" && /^\d+$/.test(next.value);
      taken = isNumber ? next : null;
      const value = isNumber ? next.value : `${spec.bare}`;
      values.push(valueOf(spec, token.rawName, value, true));
    } else {
      values.push(valueOf(spec, token.rawName, token.value, token.inlineValue));
    }
    if (values.length > 1 && !spec.repeatable && spec.type !== "boolean") {
      throw new FlyhotError(
        "usage",
        `Cannot read ${token.rawName}: it is given more than once`,
        { hint: "leave out all but one" },
      );
    }
    given.set(spec.name, values);
  }
  const valuesOf = (list: readonly FlagSpec[]) =>
    Object.fromEntries(
      list.map((it) => [it.name, finalValue(it, given.get(it.name))]),
    );
  // The entries are made flag by flag from the very specs that the types are computed from.
  return {
    flags: valuesOf(specs) as FlagValues<F>,
    common: valuesOf(commonSpecs ?? []) as FlagValues<C>,
    words,
  };
}

function unknownFlag(
  rawName: string,
  specs: readonly FlagSpec[],
): FlyhotError {
  const near = rawName.startsWith("--")
    ? nearestName(rawName.slice(2), specs.map((it) => it.name))
    : null;
  return new FlyhotError("usage", `Cannot read ${rawName}: no such flag`, {
    hint: near === null
      ? "see --help for the flags of this command"
      : `did you mean --${near}?`,
  });
}

function valueOf(
  spec: FlagSpec,
  rawName: string,
  value: string | undefined,
  inline: boolean | undefined,
): string {
  if (spec.type === "boolean") {
    if (value === undefined) return "true";
    throw new FlyhotError(
      "usage",
      `Cannot read ${rawName}=${value}: the flag takes no value`,
      { hint: `write ${rawName} alone, or leave it out` },
    );
  }
  const word = spec.type === "integer" ? "number" : "value";
  const wanted = `<${spec.value ?? word}>`;
  if (value === undefined || value === "") {
    throw new FlyhotError(
      "usage",
      `Cannot read ${rawName}: its value is missing`,
      { hint: `write ${rawName} ${wanted}` },
    );
  }
  if (!inline && value.startsWith("-")) {
    throw new FlyhotError(
      "usage",
      `Cannot read ${rawName}: its value is missing, "${value}" looks like another flag`,
      { hint: `write ${rawName} ${wanted}, or ${rawName}=${value} if meant` },
    );
  }
  if (spec.type === "integer") {
    const min = spec.min ?? 0;
    if (!/^\d{1,9}$/.test(value) || Number(value) < min) {
      throw new FlyhotError(
        "usage",
        `Cannot read ${rawName}: expected a whole number of at least ${min}, found "${value}"`,
        { hint: `write ${rawName} ${wanted}` },
      );
    }
  }
  return value;
}

function finalValue(
  spec: FlagSpec,
  values: readonly string[] | undefined,
): boolean | number | string | readonly string[] | undefined {
  if (spec.type === "boolean") return values !== undefined;
  if (spec.repeatable) return values ?? [];
  const value = values?.[0];
  if (value === undefined) return undefined;
  return spec.type === "integer" ? Number(value) : value;
}
