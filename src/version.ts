/** The version of this program.
 * @module
 */
import denoJson from "../deno.json" with { type: "json" };

/** The version, as `deno.json` says it. */
export const VERSION: string = denoJson.version;
