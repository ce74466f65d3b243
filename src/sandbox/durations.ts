/** Durations as the Machines API writes them.
 * @module
 */

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Reads a Go duration; milliseconds, or null if it is not a duration. */
export function durationMs(
  value: unknown,
  unit: "ns" | "s",
): number | null {
  if (typeof value === "number") {
    return value >= 0 ? value * UNIT_MS[unit]! : null;
  }
  if (typeof value !== "string") return null;
  if (/^\d+$/.test(value)) return Number(value) * UNIT_MS[unit]!;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(value)) return null;
  let ms = 0;
  for (const [, number, name] of value.matchAll(/([\d.]+)([a-zµ]+)/g)) {
    ms += Number(number) * UNIT_MS[name ?? ""]!;
  }
  return ms;
}
