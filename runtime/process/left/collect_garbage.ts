/** Has V8 collect all garbage, so that what is still there is what somebody holds.
 * @module
 */
import { within } from "../../base/waiting/deadline.ts";

/** A heap of gigabytes takes seconds. */
const DEADLINE_MS = 10_000;

/**
 * Collects it, which keeps the event loop for as long as it takes.
 *
 * @returns whether it was done: not everywhere can it be asked for
 */
export async function collectGarbage(): Promise<boolean> {
  try {
    const { Session } = await import("node:inspector");
    const session = new Session();
    session.connect();
    try {
      const asked = () =>
        new Promise<boolean>((resolve) =>
          session.post(
            "HeapProfiler.collectGarbage",
            (error) => resolve(!error),
          )
        );
      return await within(DEADLINE_MS, asked, () => new Error("too long"));
    } finally {
      session.disconnect();
    }
  } catch {
    return false;
  }
}
