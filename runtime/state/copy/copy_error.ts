/** Why a state cannot be copied, with the place.
 * @module
 */

/** Thrown when a state holds what cannot be copied. */
export class CopyError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "CopyError";
  /** Where it is, as `rooms["a"].clients[0]`. */
  readonly path: string;
  /** The class of what is there. */
  readonly className: string;
  /** Why it cannot be copied, to be read after the class. */
  readonly why: string;
  /** What to do. */
  readonly remedy: string;

  /**
   * Names what cannot be copied.
   *
   * @param path where it is
   * @param className the class of what is there
   * @param why why it cannot be copied, to be read after the class
   * @param remedy what to do
   */
  constructor(path: string, className: string, why: string, remedy: string) {
    super(`Cannot copy ${path}: ${className} ${why}; ${remedy}`);
    this.path = path;
    this.className = className;
    this.why = why;
    this.remedy = remedy;
  }
}
