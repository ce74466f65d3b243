/** What begins as soon as the package is loaded: seeing imports, before the app imports anything dynamically.
 * @module
 */
import { system } from "./system.ts";
import { surviveRefusedCalls } from "./refused_calls.ts";
import { requireDeno } from "./require_deno.ts";

requireDeno(Deno.version.deno);
system.modules.install();
surviveRefusedCalls((message) => system.logger.error(message));
