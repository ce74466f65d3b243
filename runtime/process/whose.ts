/** Whose something is that code has asked the platform for.
 * @module
 */

/** Who asked for something. */
export interface Whose {
  /** The path of the module whose code asked; null where it is not known. */
  readonly place: string | null;
  /**
   * The path of the module whose evaluation it was part of; null for none. It may have called a module that stays, and
   * will do so again when it is evaluated again.
   */
  readonly evaluated: string | null;
}

/** Tells whether something goes when some modules are replaced: these ask for it themselves. */
export function isOf(
  { place, evaluated }: Whose,
  paths: ReadonlySet<string>,
  isAmong: (place: string | null, paths: ReadonlySet<string>) => boolean,
): boolean {
  return isAmong(place, paths) || isAmong(evaluated, paths);
}
