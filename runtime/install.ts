/** Starts seeing imports as soon as the package is loaded, before the app imports anything dynamically.
 * @module
 */
import { system } from "./system.ts";
import { requireDeno } from "./require_deno.ts";

requireDeno(Deno.version.deno);
system.modules.install();
