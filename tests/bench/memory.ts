/** What upgrades keep in memory, after a thousand of them, and whether the forecast says so.
 * @module
 */
import type { Bench } from "./figure.ts";
import { layeredApp } from "./layered_app.ts";
import { type Held, MeasuredProgram } from "./measured_program.ts";

/** Functions of about 0.5 KB in each leaf: three modules of a kilobyte each, and some with a large one among them. */
const APPS = [
  { name: "small modules", functions: 0, upgrades: 1_000 },
  { name: "a module of 20 KB among them", functions: 40, upgrades: 200 },
] as const;
const MODULES = 50;

/** What there was in the middle and at the end: what is made once has been made by then. */
async function held(
  modules: number,
  functions: number,
  upgrades: number,
): Promise<{ readonly middle: Held; readonly end: Held }> {
  const app = layeredApp(modules, functions);
  return await MeasuredProgram.lend(app, async (program, pack) => {
    const releases = [
      await pack(app.changed("leaf", 1)),
      await pack(app.changed("leaf", 2)),
    ];
    const upgrade = async (from: number, to: number) => {
      for (let at = from; at < to; at++) {
        await program.upgrade(releases[at % 2]!);
      }
      return await program.held();
    };
    return {
      middle: await upgrade(0, upgrades / 2),
      end: await upgrade(upgrades / 2, upgrades),
    };
  });
}

async function* figures({ tiny }: { readonly tiny: boolean }) {
  for (const { name, functions, upgrades } of APPS) {
    const times = tiny ? 4 : upgrades;
    const { middle, end } = await held(tiny ? 20 : MODULES, functions, times);
    const each = (of: (it: Held) => number) =>
      (of(end) - of(middle)) / (times / 2);
    const kb = (of: (it: Held) => number) => each(of) / 1024;
    const kept = kb(({ rss }) => rss);
    const foretold = kb(({ info }) => info.memory!.retainedBytes);
    yield* [
      {
        name: `${name}: kept by an upgrade`,
        value: kept,
        unit: "KB of RSS",
        goal: { atMost: 300 },
        note: `${times} upgrades; ${
          kb(({ heap }) => heap).toFixed(0)
        } KB of JavaScript; ${
          each(({ info }) => info.retainedModules).toFixed(0)
        } modules, ${
          kb(({ info }) => info.retainedBytes).toFixed(1)
        } KB of source`,
      },
      {
        name: `${name}: the forecast beside it`,
        value: foretold / kept,
        unit: "x",
        goal: { atMost: 2.5 },
        note: `${foretold.toFixed(0)} KB an upgrade; ${
          end.info.memory!.upgradesLeft
        } more fit`,
      },
      {
        name: `${name}: maps, sets, controllers kept by ${times / 2} upgrades`,
        value: end.collections - middle.collections,
        unit: "",
        goal: { atMost: 10 },
      },
    ];
  }
}

/** What upgrades keep. */
export const bench: Bench = {
  about: "what upgrades keep in memory, beside the forecast",
  run: figures,
};
