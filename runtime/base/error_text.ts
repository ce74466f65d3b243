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
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    // Proxies, objects without a prototype, getters that throw themselves.
    return "something that has no text";
  }
}
