/** What the platform refuses, as the Machines API says it.
 * @module
 */

/** Thrown where the Machines API answers with an error. */
export class PlatformError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "PlatformError";
  /** The HTTP status. */
  readonly status: number;
  /** The word in the body's `status`, or null. */
  readonly word: string | null;

  /**
   * @param status the HTTP status
   * @param message what the body's `error` says
   * @param word the body's `status`. Default none
   */
  constructor(status: number, message: string, word: string | null = null) {
    super(message);
    this.status = status;
    this.word = word;
  }
}

/**
 * The refusal of what a machine's state does not allow.
 *
 * @param why for example `machine not running`
 * @returns a 412
 */
export function failedPrecondition(why: string): PlatformError {
  return new PlatformError(412, `failed_precondition: ${why}`);
}

/**
 * The refusal of an argument.
 *
 * @param why which, and what is wrong with it
 * @returns a 400
 */
export function invalidArgument(why: string): PlatformError {
  return new PlatformError(400, `invalid_argument: ${why}`);
}
