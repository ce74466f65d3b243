/** What rebinding saves and costs: modules that are evaluated, with it and without, and calls across modules.
 * @module
 */
import { join } from "@std/path";
import { stripTypeScriptTypes } from "node:module";
import { Keeping } from "../../runtime/modules/keep/keeping.ts";
import { acornParser } from "../../runtime/plan/analyze/parse_acorn.ts";
import { settable } from "../../runtime/modules/rebind/settable.ts";
import { classify } from "../../runtime/plan/classify.ts";
import { isScriptPath } from "../../runtime/plan/paths.ts";
import { CHAT } from "../sample_apps/ordinary/chat/story.ts";
import { DASHBOARD } from "../sample_apps/ordinary/dashboard/story.ts";
import { GAME } from "../sample_apps/ordinary/game/story.ts";
import { writeHistory } from "../sample_apps/ordinary/history.ts";
import { packed, running, type Sources } from "../support/planned_app.ts";
import type { Bench } from "./figure.ts";
import { layeredApp } from "./layered_app.ts";
import { median, withFolder } from "./measuring.ts";
import { type Evaluated, livedHistory, startCosts } from "./rebound_lives.ts";
import { series } from "./reload.ts";

const SETTABLE = Symbol.for("@flyhot/runtime.rebind");
const CALLS = 20_000_000;

/** What an app's history evaluates without rebinding and with it, by the texts alone. */
export interface Planned extends Evaluated {
  readonly without: number;
}

/** Plans every upgrade of the history of an app. */
export async function plannedHistory(home: string): Promise<Planned> {
  return await withFolder(async (folder) => {
    const versions = await writeHistory(home, folder);
    const sources: Sources[] = [];
    for (const { folder } of versions) sources.push(await sourcesIn(folder));
    let upgrades = 0, changed = 0, without = 0, rebound = 0;
    for (const [at, next] of sources.entries()) {
      const before = sources[at - 1];
      if (!before) continue;
      upgrades++;
      const plain = await planned(before, next, false);
      const set = await planned(before, next, true);
      changed += plain.reload.filter((path) =>
        before[path] !== next[path]
      ).length;
      without += plain.reload.length;
      rebound += set.reload.length;
    }
    return { upgrades, changed, without, with: rebound };
  });
}

async function planned(before: Sources, next: Sources, rebind: boolean) {
  const options = { live: {}, preload: true, rebind };
  const machine = running(before, options);
  const rebinds: Record<string, readonly string[]> = {};
  const parse = await acornParser(false);
  for (const path of machine.loaded.filter(isScriptPath)) {
    const text = withoutTypes(before[path]!);
    rebinds[path] = settable(text, parse(text), path)?.names ?? [];
  }
  return classify(packed(next, options), {
    ...machine,
    ...rebind ? { rebinds } : {},
  });
}

/** As Deno transpiles it where more than types would have to be blanked out. */
function withoutTypes(text: string): string {
  try {
    return stripTypeScriptTypes(text);
  } catch {
    return stripTypeScriptTypes(text, { mode: "transform" });
  }
}

async function sourcesIn(folder: string, prefix = ""): Promise<Sources> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) {
      Object.assign(found, await sourcesIn(path, `${prefix}${name}/`));
    } else found[prefix + name] = await Deno.readTextFile(path);
  }
  return found;
}

/** What a call across modules takes, in nanoseconds: of plain modules, of settable ones, and of those that were set. */
export async function callCosts(
  rounds: number,
  calls: number,
): Promise<{ plain: number; settable: number; set: number }> {
  const keeping = new Keeping();
  await keeping.startRebinding();
  const text = `export const add = (a, b) => a + b;`;
  const set: ((name: string, isSet: boolean, value: unknown) => void)[] = [];
  const shared = globalThis as { [SETTABLE]?: unknown };
  const before = shared[SETTABLE];
  shared[SETTABLE] = (_url: string, it: typeof set[0]) => set.push(it);
  const loop = async (callee: string) => {
    const url = `data:text/javascript,${encodeURIComponent(callee)}`;
    const { run } = await import(
      `data:text/javascript,${
        encodeURIComponent(
          `import { add } from ${
            JSON.stringify(url)
          }; export const run = (calls) => { let sum = 0; for (let at = 0; at < calls; at++) sum = add(sum, at); return sum; };`,
        )
      }`
    );
    return () => {
      const from = performance.now();
      run(calls);
      return (performance.now() - from) * 1e6 / calls;
    };
  };
  const plain = await loop(text);
  const settable = await loop(keeping.wrap(text, "a"));
  const again = await loop(keeping.wrap(`${text} `, "b"));
  shared[SETTABLE] = before;
  set.at(-1)!("add", true, (a: number, b: number) => a + b);
  const times: number[][] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    for (const [at, run] of [plain, settable, again].entries()) {
      times[at]!.push(run());
    }
  }
  const [one, two, three] = times.map(median);
  return { plain: one!, settable: two!, set: three! };
}

async function* figures({ tiny }: { readonly tiny: boolean }) {
  let evaluated = 0, ofChanged = 0;
  for (const story of tiny ? [CHAT] : [CHAT, GAME, DASHBOARD]) {
    const { name } = story;
    const home = join(import.meta.dirname!, "../sample_apps/ordinary", name);
    const planned = await plannedHistory(home);
    // As one process lives through it, which knows what its evaluations have run.
    const lived = tiny ? null : await livedHistory(home, story);
    const { upgrades, changed, with: rebound } = lived ?? planned;
    evaluated += rebound;
    ofChanged += changed;
    yield {
      name: `${name}: modules evaluated for each that changed`,
      value: rebound / changed,
      unit: "",
      note:
        `${rebound} for ${changed} in ${upgrades} upgrades; by the texts alone ${
          (planned.with / planned.changed).toFixed(2)
        }, without ${(planned.without / planned.changed).toFixed(2)}`,
    };
  }
  yield {
    name: "all of them: modules evaluated for each that changed",
    value: evaluated / ofChanged,
    unit: "",
    goal: { atMost: 1.5 },
    note: `${evaluated} for ${ofChanged}`,
  };
  const inStart = await startCosts(tiny ? 30 : 211, tiny ? 1 : 9);
  yield {
    name: "what a start takes longer with rebinding, each module",
    value: inStart.eachModule,
    unit: "ms",
    ...tiny ? {} : { goal: { atMost: 0.2 } },
    note: inStart.note,
  };
  yield {
    name: "and once, to note what the start has run",
    value: inStart.once,
    unit: "ms",
    note: "by V8's precise coverage, which walks the heap as it begins",
  };
  const costs = await callCosts(tiny ? 1 : 9, tiny ? 1000 : CALLS);
  yield {
    name: "a call across modules that can be set, beside a plain one",
    value: costs.settable / costs.plain,
    unit: "x",
    goal: { atMost: 1.1 },
    note: `${costs.settable.toFixed(2)} and ${costs.plain.toFixed(2)} ns; ${
      costs.set.toFixed(2)
    } once it was set`,
  };
  const modules = tiny ? 30 : 211;
  const leaf = (rebind: boolean) =>
    series(
      modules,
      "leaf",
      tiny ? 2 : 200,
      layeredApp(modules, 0, { rebind }),
    );
  const without = await leaf(false), set = await leaf(true);
  yield {
    name: `a leaf of ${modules} modules whose functions are called`,
    value: set.ms,
    unit: "ms",
    ...tiny ? {} : { goal: { atMost: 8 } },
    note: `${set.reloaded} evaluated, ${
      set.cpu.toFixed(0)
    } ms computed; without ${without.reloaded}, ${without.ms.toFixed(0)} ms, ${
      without.cpu.toFixed(0)
    } ms computed`,
  };
}

/** The bench. */
export const bench: Bench = {
  about: "what rebinding saves, and what it costs",
  run: figures,
};
