/** What this program is, and what runs it.
 * @module
 */
import denoJson from "../deno.json" with { type: "json" };

/** The version, as `deno.json` says it. */
export const VERSION: string = denoJson.version;

/** The commit it was compiled from, written here by `scripts/compile.ts`; `unknown` where it was not compiled. */
export const COMMIT: string = "unknown";

/** The version of the Deno that runs it. */
export const DENO_VERSION: string = navigator.userAgent.replace("Deno/", "");

/** The oldest Deno that resolves nested imports through a hook correctly. */
export const OLDEST_DENO = "2.9";

/** Tells whether a version of Deno is older than that. */
export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_DENO.split(".").map(Number);
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}
