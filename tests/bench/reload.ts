/** What reloading costs: one leaf, ten, all modules of apps of some sizes, beside a naive reload and a restart.
 * @module
 */
import { pause } from "../../runtime/base/waiting/pause.ts";
import type { Bench, Figure, Goal } from "./figure.ts";
import { type Change, layeredApp } from "./layered_app.ts";
import { MeasuredProgram, type MeasuredUpgrade } from "./measured_program.ts";
import { inTurns, median, run, withFolder, writeFiles } from "./measuring.ts";

/** One series of upgrades. */
export interface Series {
  /** How many modules each upgrade evaluated. */
  readonly reloaded: number;
  /** The median, event to event, in milliseconds. */
  readonly ms: number;
  /** The median of what the process has computed meanwhile, which other load on the computer does not lengthen. */
  readonly cpu: number;
  /** The median of how long the event loop was kept at a time, in the second half. */
  readonly stall: number;
  /** The last twenty beside those from the tenth on, in computing; null where there are too few. */
  readonly growth: number | null;
  /** What each upgrade leaves in memory, in kilobytes of RSS. */
  readonly keptKb: number;
  /** How many maps, sets and controllers more there are at the end than after a few upgrades. */
  readonly keptCollections: number;
}

const CYCLE = 8;
/** After so many upgrades, what is made once has been made. */
const WARM = 10;

/**
 * Measures one kind of change in a process of its own.
 *
 * @param modules how many modules the app has
 * @param what what changes
 * @param times how many upgrades
 * @param app the app; by default one of so many modules
 * @param restMs how long each upgrade waits for what the one before leaves to be done later; by default not at all
 * @returns what they cost
 */
export async function series(
  modules: number,
  what: Change,
  times: number,
  app: ReturnType<typeof layeredApp> = layeredApp(modules),
  restMs: number = 0,
): Promise<Series> {
  return await MeasuredProgram.lend(app, async (program, pack) => {
    const releases: string[] = [];
    for (let version = 1; version <= Math.min(CYCLE, times); version++) {
      releases.push(await pack(app.changed(what, version)));
    }
    const all: MeasuredUpgrade[] = [];
    let before = await program.held();
    for (let round = 0; round < times; round++) {
      if (restMs > 0) await pause(restMs);
      if (round === Math.min(WARM, times - 1)) before = await program.held();
      all.push(await program.upgrade(releases[round % releases.length]!));
    }
    const after = await program.held();
    const half = all.slice(Math.floor(all.length / 2));
    const cpu = (some: readonly MeasuredUpgrade[]) =>
      median(some.map(({ cpu }) => cpu));
    return {
      reloaded: all[0]!.reloaded,
      ms: median(all.map(({ ms }) => ms)),
      cpu: cpu(all),
      stall: median(half.map(({ stall }) => stall)),
      growth: times < WARM + 40
        ? null
        : cpu(all.slice(-20)) / cpu(all.slice(WARM, WARM + 20)),
      keptKb: (after.rss - before.rss) / 1024 / Math.max(1, times - WARM),
      keptCollections: after.collections - before.collections,
    };
  });
}

const APPS = [
  {
    modules: 211,
    all: { atMost: 150 },
    allStall: { atMost: 60 },
    leaf: { atMost: 15 },
  },
  { modules: 1000, all: { atMost: 800 } },
] as const satisfies readonly {
  modules: number;
  leaf?: Goal;
  all?: Goal;
  allStall?: Goal;
}[];
const TINY = [{ modules: 30 }] as const;

async function* figures({ tiny }: { readonly tiny: boolean }) {
  for (const app of tiny ? TINY : APPS) {
    const { modules } = app;
    const upgrades = tiny ? 2 : modules < 500 ? 200 : 60;
    const leaf = await series(modules, "leaf", upgrades);
    yield* [
      figure(`a leaf of ${modules} modules`, leaf.ms, "ms", {
        ..."leaf" in app ? { goal: app.leaf } : {},
        note: `${leaf.reloaded} evaluated, ${leaf.cpu.toFixed(0)} ms computed`,
      }),
      figure(`a leaf of ${modules}: stall`, leaf.stall, "ms", {
        goal: { atMost: 10 },
      }),
      figure(
        `a leaf of ${modules}: the last of ${upgrades} upgrades beside the 10th`,
        leaf.growth,
        "x",
        {
          goal: { atMost: 1.5 },
          note: leaf.growth === null
            ? "skipped: too few upgrades"
            : "computing",
        },
      ),
      figure(`a leaf of ${modules}: kept`, leaf.keptKb, "KB of RSS", {
        goal: { atMost: 300 },
      }),
      figure(
        `a leaf of ${modules}: maps, sets, controllers kept by all of them`,
        leaf.keptCollections,
        "",
        { goal: { atMost: 10 } },
      ),
    ];
    if (!tiny) {
      const ten = await series(modules, "ten", modules < 500 ? 40 : 20);
      yield figure(`ten leaves of ${modules}`, ten.ms, "ms", {
        note: `${ten.reloaded} evaluated, ${ten.cpu.toFixed(0)} ms computed`,
      });
    }
    const all = await series(modules, "all", tiny ? 2 : 10);
    const { naive, restart, restartCpu } = await others(modules, tiny ? 1 : 5);
    yield* [
      figure(`all of ${modules}`, all.ms, "ms", {
        ..."all" in app ? { goal: app.all } : {},
        note: `${all.cpu.toFixed(0)} ms computed`,
      }),
      figure(`all of ${modules}: stall`, all.stall, "ms", {
        ..."allStall" in app ? { goal: app.allStall } : {},
      }),
      figure(
        `naively, all ${modules} imported under a new query, the eighth time`,
        naive.at(-1)!,
        "ms",
        {
          note: `the first time ${naive[0]!.toFixed(0)} ms; ${
            (naive.at(-1)! / all.ms).toFixed(1)
          } times the upgrade`,
        },
      ),
      figure(`${modules} modules started again`, restart, "ms", {
        note: `until the first answer; ${restartCpu.toFixed(0)} ms computed`,
      }),
    ];
  }
}

const figure = (
  name: string,
  value: number | null,
  unit: string,
  more: Pick<Figure, "goal" | "note"> = {},
): Figure => ({ name, value, unit, ...more });

/** What reloading costs. */
export const bench: Bench = {
  about: "modules reloaded, beside a naive reload and a restart",
  run: figures,
};

const NAIVE = `
import { registerHooks } from "node:module";
const times = [];
let round = 0;
registerHooks({
  resolve(specifier, context, next) {
    const result = next(specifier, context);
    return { ...result, url: result.url.replace(/[?].*/, "") + "?v=" + round };
  },
});
for (; round < 8; round++) {
  const from = performance.now();
  await import("./root.ts");
  times.push(performance.now() - from);
}
console.log(JSON.stringify(times));
`;
const SERVER = `
import { total } from "./root.ts";
const server = Deno.serve({ port: 0, onListen() {} }, () => new Response(String(total())));
await (await fetch("http://127.0.0.1:" + server.addr.port)).text();
Deno.exit(0);
`;

/** The whole tree by a new query in a process without hooks, and a process started again. */
async function others(modules: number, rounds: number) {
  return await withFolder(async (cwd) => {
    await writeFiles(cwd, [
      ...layeredApp(modules).files(),
      ["naive.ts", NAIVE],
      ["server.ts", SERVER],
    ]);
    const deno = (file: string) =>
      run(Deno.execPath(), ["run", "-A", "--no-lock", file], { cwd });
    const naive: number[] = JSON.parse(await deno("naive.ts"));
    // What Deno caches of its source is there from now on.
    await deno("server.ts");
    const { restart } = await inTurns(rounds, {
      restart: () => deno("server.ts"),
    });
    return { naive, restart: restart.ms, restartCpu: restart.cpuMs };
  });
}
