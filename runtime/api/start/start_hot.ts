/** Starts the runtime before the app's main module loads, so that the hooks see that one too.
 * @module
 */
import "../../process/at_load.ts";
import { natives } from "../../base/platform/natives.ts";
import { appProcess } from "../../process/process.ts";
import type { StartedBy } from "../../protocol/machine/machine_info.ts";
import { startWatching } from "../reapply.ts";
import { runtime } from "./running.ts";

/** By then Deno has begun to load the main module. */
const MAIN_DUE_MS = 5000;

/** Applies what the machines on this base image run, and watches for more. */
export async function startHot(
  startedBy: Exclude<StartedBy, "reapply">,
): Promise<void> {
  const { modules, evaluations, evaluatedCode } = appProcess;
  modules.main = { url: Deno.mainModule, isNative: startedBy === "preload" };
  await (runtime.before = startWatching({}, startedBy));
  natives.setTimeout(() => modules.mainIsDue = true, MAIN_DUE_MS).unref();
  const main = modules.table?.current(Deno.mainModule) ?? Deno.mainModule;
  // Its evaluation is what a release that came in at the start has to stand.
  evaluations.onEnd(main, () => {
    appProcess.bootTrial?.confirm();
    evaluatedCode.mainIsOver();
  });
  // Only then does anybody ask what has run.
  if (modules.keeping.settable.isOn) await evaluatedCode.start();
}
