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
    if (thrown instanceof Error) return String(thrown.message);
  } catch { /* a message that cannot be read: what else it says */ }
  return thrownText(thrown);
}

/**
 * Puts anything that was thrown into words with its kind, as a template would; but symbols, objects without a prototype and
 * those that refuse have words too, because what is thrown while a failure is reported would end the app.
 */
export function thrownText(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return `a thrown ${typeof thrown} that has no text`;
  }
}
