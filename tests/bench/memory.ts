/** What upgrades keep in memory, and whether the forecast says so.
 * @module
 */
import type { Bench } from "./figure.ts";
import { layeredApp } from "./layered_app.ts";
import { MeasuredProgram } from "./measured_program.ts";

/** Functions in a leaf, of about 0.5 KB each: small modules and large ones. */
const APPS = { small: 0, large: 40 } as const;

async function* figures({ tiny }: { readonly tiny: boolean }) {
  for (const [name, functions] of Object.entries(APPS)) {
    const app = layeredApp(tiny ? 20 : 50, functions);
    const times = tiny ? 4 : 300;
    const { before, after } = await MeasuredProgram.lend(
      app,
      async (program, pack) => {
        const releases = [
          await pack(app.changed("leaf", 1)),
          await pack(app.changed("leaf", 2)),
        ];
        const some = async (from: number, to: number) => {
          for (let at = from; at < to; at++) {
            await program.upgrade(releases[at % 2]!);
          }
        };
        await some(0, times / 2);
        const before = await program.held();
        await some(times / 2, times);
        return { before, after: await program.held() };
      },
    );
    const kb = (bytes: number) => bytes / (times / 2) / 1024;
    const source = after.info.retainedBytes - before.info.retainedBytes;
    console.error(
      name,
      kb(after.rss - before.rss),
      kb(after.heap - before.heap),
      kb(source),
      (after.info.retainedModules - before.info.retainedModules) / (times / 2),
      after.collections - before.collections,
    );
    yield { name, value: kb(after.rss - before.rss), unit: "KB" };
  }
}
/** What is kept. */
export const bench: Bench = { about: "memory kept by upgrades", run: figures };
