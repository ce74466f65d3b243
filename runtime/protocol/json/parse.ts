/** Small readers that turn unknown JSON into typed values or say exactly where it is wrong.
 * @module
 */
import { shownText } from "../../base/shown_text.ts";

/**
 * Thrown when a record read from the bucket, a release or a machine is not what the protocol says.
 *
 * @example
 * ```ts
 * import { parsePointer, ProtocolError } from "@flyhot/runtime/protocol";
 * try {
 *   parsePointer({ protocol: 99 });
 * } catch (error) {
 *   if (!(error instanceof ProtocolError)) throw error;
 * }
 * ```
 */
export class ProtocolError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "ProtocolError";
}

/** A reader of one value; `at` names the value in errors. */
export type Reader<T> = (value: unknown, at: string) => T;

/** Throws a {@linkcode ProtocolError} that names the place, the expectation and the value found. Throws always. */
export function reject(at: string, expected: string, found: unknown): never {
  throw new ProtocolError(
    shownText(
      `Cannot read ${shortened(at, 200)}: expected ${expected}, found ${
        shortened(described(found), 80)
      }`,
    ),
  );
}

function described(found: unknown): string {
  if (found === undefined) return "nothing";
  try {
    return JSON.stringify(found) ?? typeof found;
  } catch {
    return "something nested too deeply";
  }
}

function shortened(text: string, lengthMax: number): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 3)}...` : text;
}

/** Reads a string. */
export const string: Reader<string> = (value, at) =>
  typeof value === "string" ? value : reject(at, "a string", value);

/** Reads a finite number that is not negative. */
export const count: Reader<number> = (value, at) =>
  typeof value === "number" && Number.isFinite(value) && value >= 0
    ? value
    : reject(at, "a number that is not negative", value);

/** Reads a whole number that is not negative and can be counted on exactly. */
export const whole: Reader<number> = (value, at) =>
  Number.isSafeInteger(value) && (value as number) >= 0
    ? value as number
    : reject(at, "a whole number that is not negative", value);

/** Reads a boolean. */
export const boolean: Reader<boolean> = (value, at) =>
  typeof value === "boolean" ? value : reject(at, "true or false", value);

/** Reads a SHA-256 digest in lower-case hex. */
export const sha256Hex: Reader<string> = (value, at) =>
  typeof value === "string" && /^[0-9a-f]{64}$/.test(value)
    ? value
    : reject(at, "a SHA-256 digest of 64 lower-case hex digits", value);

/** Reads a JSON object; arrays and null are refused. */
export const object: Reader<Record<string, unknown>> = (value, at) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : reject(at, "an object", value);

/** Makes a reader that accepts one of the given strings. */
export function oneOf<const T extends string>(
  ...choices: readonly T[]
): Reader<T> {
  return (value, at) =>
    choices.includes(value as T)
      ? value as T
      : reject(at, `one of ${choices.join(", ")}`, value);
}

/** Makes a reader of lists. */
export function listOf<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, at) =>
    Array.isArray(value)
      ? value.map((entry, index) => item(entry, `${at}[${index}]`))
      : reject(at, "a list", value);
}

/** Makes a reader of objects whose keys are data, such as paths. */
export function recordOf<T>(item: Reader<T>): Reader<Record<string, T>> {
  return (value, at) => {
    const result: Record<string, T> = Object.create(null);
    for (const [key, entry] of Object.entries(object(value, at))) {
      result[key] = item(entry, `${at}[${JSON.stringify(key)}]`);
    }
    return result;
  };
}

/** Makes a reader that also accepts null. */
export function nullable<T>(item: Reader<T>): Reader<T | null> {
  return (value, at) => value === null ? null : item(value, at);
}

/** A field that may be missing; the record then does not have it. */
export interface Optional<T> {
  /** Reads it where it is there. */
  readonly optional: Reader<T>;
}

/** Makes a field that may be missing. */
export function optional<T>(read: Reader<T>): Optional<T> {
  return { optional: read };
}

/** Makes a reader of a field that older records do not have. */
export function orElse<T>(read: Reader<T>, missing: unknown): Reader<T> {
  return (value, at) => read(value ?? missing, at);
}

/** How each field of a record is read: all of them, in the order in which they are written. */
export type Fields<T> = {
  readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K>
    ? Reader<T[K]> | Optional<T[K]>
    : Reader<T[K]>;
};

/** Makes a reader of records; fields that it does not know are left out. */
export function fields<T extends object>(table: Fields<T>): Reader<T> {
  const known = Object.entries<Reader<unknown> | Optional<unknown>>(table);
  return (value, at) => {
    const source = object(value, at);
    const record: Record<string, unknown> = {};
    for (const [key, how] of known) {
      const found = source[key];
      if (typeof how === "function") record[key] = how(found, `${at}.${key}`);
      else if (found !== undefined) {
        record[key] = how.optional(found, `${at}.${key}`);
      }
    }
    return record as T;
  };
}
