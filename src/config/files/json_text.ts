/** Texts that hold a JSON object, in which comments are allowed.
 * @module
 */
import { errorText, parseJsonc } from "@flyhot/runtime/protocol";
import { isRecord } from "../../base/values.ts";
import { FlyhotError } from "../../errors.ts";

/** Reads one; what cannot be read is refused with its path. */
export function parseRecord(
  text: string,
  path: string,
): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJsonc(text);
  } catch (cause) {
    const said = errorText(cause);
    throw new FlyhotError("usage", `Cannot read ${path}: ${said}`, {
      hint: "correct it: JSON, in which comments are allowed",
      cause,
    });
  }
  if (isRecord(value)) return value;
  throw new FlyhotError("usage", `Cannot read ${path}: expected an object`, {
    hint: `write { } around all that ${path} says`,
  });
}

/** Reads one as far as it can be read; whoever needs more of it says what is wrong with it. */
export function recordIn(text: string | null): Record<string, unknown> | null {
  if (text === null) return null;
  try {
    const value = parseJsonc(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}
