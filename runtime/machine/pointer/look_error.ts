/** Why a look at the pointer has failed: at the pointer itself, or at what follows from it.
 * @module
 */
import { errorText } from "../../base/error_text.ts";

/** A look that has failed, and at what. */
export class LookError extends Error {
  /** What could not be done, as a clause. */
  readonly what: string;

  constructor(what: string, cause: unknown) {
    super(errorText(cause), { cause });
    this.name = "LookError";
    this.what = what;
  }
}

/** Does one step of a look. */
export async function looking<T>(
  what: string,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw new LookError(what, cause);
  }
}
