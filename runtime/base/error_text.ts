/** What an error says.
 * @module
 */

/**
 * Puts anything that was thrown into words.
 *
 * @param thrown what was thrown
 * @returns its message, or itself as text
 */
export function errorText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
