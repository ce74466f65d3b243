/** Whether a version is one that a range asks for: as much of it as apps without a lock file need.
 * @module
 */

const RANGE = /^([~^]?)(\d+)(?:\.(\d+|[x*]))?(?:\.(\d+|[x*]))?$/;

/** Whether a range admits a version. Returns false for ranges of other forms, of which nothing is said. */
export function admits(range: string, version: string): boolean {
  if (range === "" || range === "*" || range === "latest") return true;
  const match = RANGE.exec(range);
  if (!match || version.includes("-")) return range === version;
  const [, sign, ...texts] = match;
  const wanted = texts.map((text) =>
    text === undefined || !/^\d+$/.test(text) ? null : Number(text)
  );
  const has = version.split(".").map(Number);
  const isSame = (count: number) =>
    wanted.slice(0, count).every((number, at) =>
      number === null || number === has[at]
    );
  if (sign === "") return isSame(3);
  // A caret lets everything behind the first digit that is not zero grow.
  const firstNonZero = wanted.findIndex((number) => number !== 0);
  const fixed = sign === "~" ? 2 : firstNonZero === -1 ? 3 : firstNonZero + 1;
  return isSame(fixed) && !isSmaller(has, wanted);
}

function isSmaller(
  has: readonly number[],
  wanted: readonly (number | null)[],
): boolean {
  for (const [at, number] of wanted.entries()) {
    if (number === null) return false;
    if (has[at] !== number) return has[at]! < number;
  }
  return false;
}
