/** Runs a fixed case: hot and fresh.
 * @module
 */
import { join } from "@std/path";
import { AppProcess, packTo } from "../driver.ts";
import type { Ask, FixedCase } from "./cases.ts";
import type { Release } from "../program/model.ts";
import { endOf, namesPlace, namesStatePath } from "../outcome.ts";

/** How a fixed case ended; `problem` is empty if the law holds. */
export interface FixedReport {
  readonly end: "applied" | "refused" | "failed" | "none";
  readonly message: string;
  readonly problem: string;
}

/** Runs one. */
export async function runFixedCase(
  said: FixedCase,
  rebind = false,
): Promise<FixedReport> {
  const fixed = rebind ? { ...said, flyhot: { ...said.flyhot, rebind } } : said;
  const folder = await Deno.makeTempDir({ prefix: "flyhot-fixed-" });
  const asks = fixed.asks ?? [["ask"]];
  try {
    const old = release(fixed, fixed.before);
    const next = release(fixed, { ...fixed.before, ...fixed.after });
    const startFresh = () =>
      AppProcess.start(join(folder, "fresh", "app"), next, { health: "none" });
    const hotStart = await AppProcess.start(join(folder, "hot", "app"), old, {
      health: "none",
    });
    await using hot = hotStart.app;
    if (!hot) return none(`the first version does not start: ${hotStart.log}`);
    await answers(hot, fixed.history ?? []);
    // Asked twice: what asking changes has then changed.
    await answers(hot, asks);
    const before = await answers(hot, asks);
    const url = await packTo(folder, next);
    // What comes later among them may change what is asked.
    const load = new FixedLoad(hot, asks.slice(0, 1));
    const outcome = await hot.upgrade(url);
    const during = await load.stop();
    const after = await answers(hot, asks);
    const end = endOf(outcome);
    const message = outcome.message ?? "";
    if (end === "applied") {
      await using fresh = (await startFresh()).app;
      if (!fresh) {
        return {
          end,
          message,
          problem: "applied, but a fresh process does not start",
        };
      }
      await answers(fresh, fixed.given ?? []);
      const wanted = await answers(fresh, asks);
      return {
        end,
        message,
        problem: after === wanted
          ? mixture(fixed, during, [before, wanted])
          : `got ${after}, a fresh process says ${wanted}`,
      };
    }
    if (after !== before) {
      return {
        end,
        message,
        problem: `${end}, then ${after} instead of ${before}`,
      };
    }
    const mixed = mixture(fixed, during, [before]);
    if (mixed) return { end, message, problem: mixed };
    if (namesPlace(outcome) || namesStatePath(outcome)) {
      return { end, message, problem: "" };
    }
    await using fresh = (await startFresh()).app;
    return {
      end,
      message,
      problem: fresh ? `${end} without file and line: ${message}` : "",
    };
  } catch (error) {
    return none(error instanceof Error ? error.message : String(error));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Somebody who asks again and again while the upgrade happens. */
class FixedLoad {
  #isOver = false;
  readonly #asking: Promise<string[]>;

  constructor(app: AppProcess, asks: readonly Ask[]) {
    this.#asking = this.#ask(app, asks);
  }

  async stop(): Promise<string[]> {
    this.#isOver = true;
    return await this.#asking;
  }

  async #ask(app: AppProcess, asks: readonly Ask[]): Promise<string[]> {
    const seen = new Set<string>();
    while (!this.#isOver && !app.ended) {
      for (const ask of asks) seen.add(await answers(app, [ask]));
      await new Promise((done) => setTimeout(done, 2));
    }
    return [...seen];
  }
}

/** An answer that no version gives. */
function mixture(
  { isTimed }: FixedCase,
  during: readonly string[],
  versions: readonly string[],
): string {
  if (isTimed) return "";
  const allowed = new Set(
    versions.flatMap((all) =>
      JSON.parse(all).map((answer: unknown) => JSON.stringify([answer]))
    ),
  );
  const other = during.find((answer) => !allowed.has(answer));
  return other === undefined ? "" : `a caller got ${other} meanwhile`;
}

const none = (problem: string): FixedReport => ({
  end: "none",
  message: "",
  problem,
});

async function answers(
  app: AppProcess,
  asks: readonly Ask[],
): Promise<string> {
  const found: unknown[] = [];
  for (const [name, ...args] of asks) {
    found.push(
      await app.call(name, ...args).catch((error: Error) =>
        `throws ${error.message}`
      ),
    );
  }
  return JSON.stringify(found);
}

function release(
  fixed: FixedCase,
  files: Readonly<Record<string, string | null>>,
): Release {
  const present: Record<string, string> = {
    "deno.json": JSON.stringify({
      ...fixed.config,
      imports: {
        "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0",
        "@std/streams": "jsr:@std/streams@1.1.2",
      },
      flyhot: fixed.flyhot ?? {},
    }),
  };
  for (const [path, text] of Object.entries(files)) {
    if (text !== null) present[path] = text;
  }
  return { files: present, probes: [], holders: [], variables: [], given: [] };
}
