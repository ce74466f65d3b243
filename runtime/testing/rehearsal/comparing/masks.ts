/** What two runs of the same requests never have in common: times and ids, put out of sight on both sides alike.
 * @module
 */

/** A mask: what it matches, and what is shown instead. */
export interface Mask {
  /** What it matches; with the flag `g`. */
  readonly pattern: RegExp;
  /** What is shown instead. */
  readonly shown: string;
}

const MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";

/** Times and ids as most programs write them. A date without a time is what somebody chose, and stays. */
export const DEFAULT_MASKS: readonly Mask[] = [
  {
    pattern:
      /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?(?!\d)/g,
    shown: "<time>",
  },
  {
    pattern: new RegExp(
      `\\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d (?:${MONTHS}) \\d{4} \\d\\d:\\d\\d:\\d\\d (?:GMT|[+-]\\d{4})`,
      "g",
    ),
    shown: "<time>",
  },
  {
    pattern:
      /(?<![0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f])/gi,
    shown: "<uuid>",
  },
  {
    // The time in front is one of this century, or any word of 26 letters would be an id.
    pattern: /(?<![0-9A-Za-z])0[01][0-9A-HJKMNP-TV-Z]{24}(?![0-9A-Za-z])/g,
    shown: "<ulid>",
  },
  {
    // Milliseconds of the years 2017 to 2033.
    pattern: /(?<![\d.])1[5-9]\d{11}(?:\.\d+)?(?!\d)/g,
    shown: "<ms>",
  },
];

/** Makes a mask of a pattern that somebody wrote. */
export function maskOf(pattern: string | RegExp): Mask {
  const source = typeof pattern === "string" ? pattern : pattern.source;
  const flags = typeof pattern === "string" ? "u" : pattern.flags;
  const compiled = new RegExp(
    source,
    [...new Set([...flags.replace("y", ""), "g"])].join(""),
  );
  if ("".search(compiled) === 0) {
    throw new SyntaxError(
      `Cannot use the mask ${source}: it matches where nothing is`,
    );
  }
  return { pattern: compiled, shown: "<masked>" };
}

/** Puts out of sight what masks match, one mask after the other. */
export function masked(text: string, masks: readonly Mask[]): string {
  return masks.reduce(
    (rest, { pattern, shown }) => rest.replaceAll(pattern, () => shown),
    text,
  );
}

/** Puts out of sight what only the process decides: its address, and the folder that it runs in. */
export function withoutPlaces(
  text: string,
  places: readonly (readonly [place: string, shown: string])[],
): string {
  return places.reduce(
    (rest, [place, shown]) => rest.replaceAll(place, () => shown),
    text,
  );
}
