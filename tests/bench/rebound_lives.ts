/** Processes that ask for rebinding: what their upgrades evaluate, and what their starts cost.
 * @module
 */
import { join } from "@std/path";
import { HotProcess } from "../sample_apps/ordinary/processes.ts";
import {
  askForRebinding,
  writeHistory,
} from "../sample_apps/ordinary/history.ts";
import type { Story } from "../sample_apps/ordinary/story.ts";
import { startObjectServer } from "../../runtime/testing/releases/object_server.ts";
import { StartedApp } from "./cold_start.ts";
import { layeredApp } from "./layered_app.ts";
import { inTurns, withFolder } from "./measuring.ts";

/** How many modules upgrades have evaluated, and how many of them had changed themselves. */
export interface Evaluated {
  readonly upgrades: number;
  readonly changed: number;
  readonly with: number;
}

/** Takes one process through the history of an app; what is refused stays out, and comes in with the next version. */
export async function livedHistory(
  home: string,
  { by }: Story,
): Promise<Evaluated> {
  return await withFolder(async (folder) => {
    const versions = await writeHistory(home, join(folder, "versions"));
    await askForRebinding(versions);
    const [first, ...later] = versions;
    await using hot = await HotProcess.start(join(folder, "hot"), first!, by);
    let upgrades = 0, changed = 0, evaluated = 0;
    let before = first!.folder;
    for (const version of later) {
      const report = await hot.upgrade(await hot.pack(version));
      if (report.state !== "applied") continue;
      let own = 0;
      for (const path of report.reloaded) {
        const [one, other] = await Promise.all(
          [before, version.folder].map((it) => textOf(join(it, path))),
        );
        if (one !== other) own++;
      }
      before = version.folder;
      // Packages that change are imported anew by whoever imports them.
      if (own === 0) continue;
      upgrades++;
      changed += own;
      evaluated += report.reloaded.length;
    }
    return { upgrades, changed, with: evaluated };
  });
}

async function textOf(path: string): Promise<string | null> {
  return await Deno.readTextFile(path).catch(() => null);
}

/** What rebinding adds to the start of a prepared image until its first answer, computed, in milliseconds. */
export interface StartCosts {
  /** For each module: what is put into it. */
  readonly eachModule: number;
  /** Once: what V8 takes to note what the start has run. */
  readonly once: number;
  /** All of it. */
  readonly note: string;
}

/** Measures starts with rebinding and without; what is computed, because time itself is other people's as well. */
export async function startCosts(
  modules: number,
  rounds: number,
): Promise<StartCosts> {
  return await withFolder(async (folder) => {
    await using server = startObjectServer();
    const made = async (rebind: boolean) => {
      const app = layeredApp(modules, 0, { rebind });
      const path = join(folder, `${rebind}`);
      const started = await StartedApp.make(path, modules, app);
      await started.prepare();
      return (env: Readonly<Record<string, string>> = {}) =>
        started.start({
          main: "ordinary.ts",
          preload: true,
          store: server.endpoint,
          env,
        });
    };
    const [plain, rebinding] = [await made(false), await made(true)];
    // What Deno caches of both is there from now on.
    await plain();
    await rebinding();
    const { without, set, unnoted } = await inTurns(rounds, {
      without: plain,
      set: rebinding,
      // Where somebody else has the coverage of the process, nothing is noted.
      unnoted: () => rebinding({ NODE_V8_COVERAGE: join(folder, "nobody") }),
    });
    return {
      eachModule: (unnoted.cpuMs - without.cpuMs) / modules,
      once: set.cpuMs - unnoted.cpuMs,
      note: `${unnoted.cpuMs.toFixed(0)} ms computed, without ${
        without.cpuMs.toFixed(0)
      } ms; by the clock ${unnoted.ms.toFixed(0)} and ${
        without.ms.toFixed(0)
      } ms`,
    };
  });
}
