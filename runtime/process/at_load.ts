/** What begins as soon as the package is loaded: seeing imports, before the app imports anything dynamically.
 * @module
 */
import { appProcess } from "./process.ts";
import { explainViewsEverywhere } from "../state/copy/read_only/clone_errors.ts";
import { HolderCallError } from "../state/cells/holder_cell.ts";
import { requireDeno } from "../base/platform/require_deno.ts";

const MESSAGES_MAX = 100;

requireDeno(Deno.version.deno);
appProcess.install();
surviveRefusedCalls((message) => appProcess.logger.error(message));
explainViewsEverywhere();

/**
 * Lets the app live when a timer or a socket of old code calls what an upgrade has removed, and does not look at the
 * answer. Callers that wait for it are told as ever.
 */
function surviveRefusedCalls(report: (message: string) => void): void {
  const reported = new Set<string>();
  globalThis.addEventListener("unhandledrejection", (event) => {
    if (!(event.reason instanceof HolderCallError)) return;
    event.preventDefault();
    const { message } = event.reason;
    if (reported.has(message) || reported.size >= MESSAGES_MAX) return;
    reported.add(message);
    report(`${message}; the caller did not wait for it`);
  });
}
