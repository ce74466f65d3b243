/**
 * Versions, and the ranges in which apps ask for them.
 *
 * @module
 */

/** A version without anything behind its three numbers. */
const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/;

/** Tells whether a text is a version that can be released. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** Tells whether a range admits a version. */
export function admits(range: string, version: string): boolean | undefined {
  const lowest = range.replace(/^[\^~]/, "");
  if (!isVersion(lowest) || !isVersion(version)) return undefined;
  const from = numbersOf(lowest);
  const is = numbersOf(version);
  const fixed = lowest === range ? 3 : range.startsWith("~")
    ? 2
    // The first number that is not zero is the one that may not change.
    : Math.min(from.findIndex((it) => it > 0) + 1 || 3, 3);
  if (from.slice(0, fixed).some((it, index) => it !== is[index])) return false;
  const [first = 0] = is.map((it, index) => it - from[index]!)
    .filter((it) => it !== 0);
  return first >= 0;
}

function numbersOf(version: string): number[] {
  return version.split(".").map(Number);
}
