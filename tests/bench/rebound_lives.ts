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
import { OrdinaryApp } from "../support/ordinary_app.ts";
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

/** What a start computes longer with rebinding, in milliseconds for each module: time itself is other people's as well. */
export async function startCosts(
  modules: number,
  rounds: number,
): Promise<{ readonly ms: number; readonly note: string }> {
  const app = layeredApp(modules, 0, { rebind: true });
  const start = async (rebind: boolean) => {
    await using started = await OrdinaryApp.start({
      ...Object.fromEntries(app.files()),
      "main.ts": `import { total } from "./root.ts";
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, () => new Response(String(total())));`,
      "deno.json": JSON.stringify({ flyhot: { rebind } }),
    });
    await started.ask();
  };
  const { without, set } = await inTurns(rounds, {
    without: () => start(false),
    set: () => start(true),
  });
  return {
    ms: (set.cpuMs - without.cpuMs) / modules,
    note: `${
      set.cpuMs.toFixed(0)
    } ms computed in a life of one answer, without ${
      without.cpuMs.toFixed(0)
    } ms; by the clock ${set.ms.toFixed(0)} and ${without.ms.toFixed(0)} ms`,
  };
}
