/** Refused calls that nobody waits for: reported, and no reason for the app to end.
 * @module
 */
import { HolderCallError } from "../state/holder_cell.ts";

const MESSAGES_MAX = 100;

/**
 * Lets the app live when a timer or a socket of old code calls what an upgrade has removed, and does not look at the
 * answer. Callers that wait for it are told as ever.
 *
 * @param report takes a sentence, each only once
 */
export function surviveRefusedCalls(report: (message: string) => void): void {
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
