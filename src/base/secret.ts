/** Values that must not be shown.
 * @module
 */

const SHOWN = "[redacted]";

/** The variable that holds the private key releases are signed with. */
export const SIGNING_KEY_VARIABLE = "FLYHOT_SIGNING_KEY";

/** The variables that hold credentials, by the names they have unless deno.json names others. */
export const SECRET_VARIABLES: readonly string[] = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "FLY_API_TOKEN",
  "FLY_ACCESS_TOKEN",
  SIGNING_KEY_VARIABLE,
];

/**
 * Holds a secret so that no log, error or JSON shows it by accident.
 *
 * @example
 * ```ts
 * import { Secret } from "@flyhot/cli/mod";
 * const secret = new Secret("hunter2");
 * `${secret}`; // "[redacted]"
 * secret.reveal(); // "hunter2"
 * ```
 */
export class Secret {
  readonly #value: string;

  /**
   * Hides a value.
   *
   * @param value what to hide
   */
  constructor(value: string) {
    this.#value = value;
  }

  /**
   * The secret itself, for the one place that sends it.
   *
   * @returns the value given to the constructor
   */
  reveal(): string {
    return this.#value;
  }

  /**
   * What string conversion shows.
   *
   * @returns `[redacted]`
   */
  toString(): string {
    return SHOWN;
  }

  /**
   * What `JSON.stringify` shows.
   *
   * @returns `[redacted]`
   */
  toJSON(): string {
    return SHOWN;
  }

  /**
   * What `console.log` and `Deno.inspect` show.
   *
   * @returns `[redacted]`
   */
  [Symbol.for("Deno.customInspect")](): string {
    return SHOWN;
  }

  /**
   * What `inspect` of `node:util` shows.
   *
   * @returns `[redacted]`
   */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return SHOWN;
  }
}
