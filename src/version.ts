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
