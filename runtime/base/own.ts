/** Reading records whose keys come from elsewhere: none of them may reach what objects inherit.
 * @module
 */

/** The value under a key that a record has itself; undefined for others, `constructor` among them. */
export function own<T>(
  record: Readonly<Record<string, T>> | undefined,
  key: string,
): T | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined;
}
