/** Loops that replaced modules have begun and that nothing ends: they would go on beside those of the new code.
 * @module
 */
import type { Refusal } from "../../base/refusal.ts";
import type { View } from "../lookup/views.ts";
import type { Consents } from "./consent.ts";

/**
 * Refuses to replace modules whose loops wait for something else than timers.
 *
 * @param replaced the modules that are reloaded or gone
 * @param running the modules as they run
 * @param consents what is consented to
 * @returns a refusal for each such loop
 */
export function loopRefusals(
  replaced: readonly string[],
  running: View,
  consents: Consents,
): Refusal[] {
  const refusals: Refusal[] = [];
  for (const path of replaced) {
    for (const fact of running.analysis(path)?.owned ?? []) {
      if (fact.kind !== "loop" || !fact.unpaced) continue;
      // By the module: lines move.
      const consent = `repeats:${path}#loop`;
      if (consents.take(consent)) continue;
      refusals.push({
        rule: "loop",
        path,
        line: fact.line,
        column: 0,
        subject: fact.detail,
        why:
          "goes on beside that of the new code, because it waits for something else than timers",
        remedy:
          "begin it in a service and end it by its signal, or let it wait for a timer in each turn",
        consent,
      });
    }
  }
  return refusals;
}
