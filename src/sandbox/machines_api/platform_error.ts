/** What the platform refuses, as the Machines API says it.
 * @module
 */

/** Thrown where the Machines API answers with an error. */
export class PlatformError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "PlatformError";
  readonly status: number;
  /** The word in the body's `status`, or null. */
  readonly word: string | null;

  constructor(status: number, message: string, word: string | null = null) {
    super(message);
    this.status = status;
    this.word = word;
  }
}

/** The refusal of what a machine's state does not allow. */
export function failedPrecondition(why: string): PlatformError {
  return new PlatformError(412, `failed_precondition: ${why}`);
}

/** The refusal of an argument. */
export function invalidArgument(why: string): PlatformError {
  return new PlatformError(400, `invalid_argument: ${why}`);
}
