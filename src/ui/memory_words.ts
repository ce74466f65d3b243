/** How memory that replaced modules keep reads, wherever it is told.
 * @module
 */
import { formatBytes, formatCount } from "./format.ts";

/**
 * How many more upgrades fit, for example `at 295 kB an upgrade about 400 more fit, then restart it`; empty where nothing
 * is known.
 */
export function upgradesLeftWords(
  left: number | null,
  upgradeBytes: number | null,
): string {
  if (left === null || upgradeBytes === null) return "";
  return left === 0
    ? `no more of them fit at ${
      formatBytes(upgradeBytes)
    } an upgrade: restart it soon`
    : `at ${formatBytes(upgradeBytes)} an upgrade about ${
      rounded(left)
    } more fit, then restart it`;
}

/** How many upgrades like one that is planned fit. */
export function plannedMemoryWords(
  bytes: number,
  left: number | undefined,
): string {
  const kept = `The replaced modules keep about ${
    formatBytes(bytes)
  } of memory on each machine`;
  if (left === undefined) return `${kept}.`;
  return left === 0
    ? `${kept}, more than the budget leaves: restart them soon.`
    : `${kept}: about ${rounded(left)} such upgrades fit, then restart them.`;
}

/** A forecast is worth two digits. */
function rounded(count: number): string {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1);
  return formatNumber(Math.floor(count / unit) * unit);
}

function formatNumber(count: number): string {
  return count.toLocaleString("en-US");
}

/**
 * How much a machine keeps, and how long it can go on so, for example `3 replaced modules, about 73.8 kB of memory`; empty
 * if nothing, or where it is not known.
 */
export function retainedWords(
  { retained_modules, retained_bytes }: {
    readonly retained_modules: number | null;
    readonly retained_bytes: number | null;
  },
): string {
  return retained_modules === null || retained_modules === 0
    ? ""
    : `${formatCount(retained_modules, "replaced module")}, about ${
      formatBytes(retained_bytes ?? 0)
    } of memory`;
}
