/** Starts the runtime before the app, where there is something to start; else the app runs as if nobody were here.
 * @module
 */
import { errorText } from "../../base/error_text.ts";
import { join } from "node:path";
import { readAppConfig } from "../../machine/app_config.ts";
import { type Environment, inertReason } from "../../machine/settings.ts";
import { resolveSettings } from "../../machine/settings.ts";
import { consoleLogger } from "../../base/log.ts";
import type { StartedBy } from "../../protocol/machine/machine_info.ts";
import { appFolders } from "../../release/app_root.ts";

const environment: Environment = (name) => Deno.env.get(name) || undefined;

/** Applies what the machines on this base image run, and watches for more; never throws. */
export async function startBeforeMain(
  startedBy: Exclude<StartedBy, "reapply">,
): Promise<boolean> {
  if (inertReason(environment) !== null) return false;
  try {
    const why = await missing();
    if (why !== null) {
      say(why);
      return false;
    }
    // Loaded here and not above: an app that nobody upgrades has nothing to wait for.
    const { startHot } = await import("./start_hot.ts");
    await startHot(startedBy);
    return true;
  } catch (error) {
    say(errorText(error));
    return false;
  }
}

/** What keeps upgrades from arriving, or null. */
async function missing(): Promise<string | null> {
  if (!Deno.mainModule.startsWith("file:")) {
    return `the main module is not a file (${Deno.mainModule})`;
  }
  const { root, appFolder } = appFolders();
  const config = await readAppConfig(join(root, appFolder));
  const { bucket } = resolveSettings({}, environment, config);
  return typeof bucket === "string" ? bucket : null;
}

function say(why: string): void {
  const format = environment("FLYHOT_LOG") === "json" ? "json" : "text";
  consoleLogger(format).error(`hot upgrades are off: ${why}`);
}
