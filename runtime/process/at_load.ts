/** What begins as soon as the package is loaded: seeing imports, before the app imports anything dynamically.
 * @module
 */
import { appProcess } from "./process.ts";
import { surviveRefusedCalls } from "./refused_calls.ts";
import { requireDeno } from "../base/require_deno.ts";

requireDeno(Deno.version.deno);
appProcess.install();
surviveRefusedCalls((message) => appProcess.logger.error(message));
