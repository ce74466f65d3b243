/** The certificates of listeners: they cannot be changed while somebody listens.
 * @module
 */

/**
 * What a listener proves itself by.
 *
 * @param options the options that it is opened with
 * @returns a text that is the same for the same certificate and key; empty for none
 */
export function certificateOf(options: unknown): string {
  const { cert, key } = options as { cert?: unknown; key?: unknown };
  return cert === undefined && key === undefined
    ? ""
    : JSON.stringify([cert, key]);
}

/**
 * Refuses to hand a listener over that would go on with another certificate than the new code asks for.
 *
 * @param listener the listener
 * @param wanted what the new code asks for
 * @throws {TypeError} if it is another one
 */
export function requireSame(
  { key, certificate }: { readonly key: string; readonly certificate: string },
  wanted: string,
): void {
  if (certificate === wanted) return;
  throw new TypeError(
    `Cannot take over ${key}: its certificate or key has changed, which takes effect at the next cold deploy; leave it as it is, or run fly deploy`,
  );
}
