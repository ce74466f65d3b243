/** Runs a program through its upgrades and says where the law of "applied" does not hold.
 * @module
 */
import { join } from "@std/path";
import { AppProcess, type Outcome, packTo } from "./driver.ts";
import { versionsOf } from "./generator.ts";
import { Load } from "./load.ts";
import { underLoad } from "./load_verdict.ts";
import type { Program, Release } from "./model.ts";
import * as observe from "./observe.ts";
import { type End, endOf, namesPlace } from "./outcome.ts";
import {
  forgedRelease,
  type PlantedBug,
  shellBug,
  tampered,
} from "./planted.ts";
import { renderVersion } from "./render.ts";
import { expectedStates, type SavedStates } from "./state_model.ts";

/** How one upgrade ended. */
export interface UpgradeReport {
  readonly from: number;
  readonly to: number;
  readonly end: End;
  /** Whether a fresh process of the release works. */
  readonly sound: boolean;
  readonly message: string;
}

/** How a program ended. */
export interface ProgramReport {
  readonly program: Program;
  readonly upgrades: readonly UpgradeReport[];
  /** What broke the law; empty if nothing did. */
  readonly violations: readonly string[];
}

/** Runs a program. */
export async function runProgram(
  program: Program,
  planted?: PlantedBug,
): Promise<ProgramReport> {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-differential-" });
  const upgrades: UpgradeReport[] = [];
  const violations: string[] = [];
  let died: string | undefined;
  let going = "at its start";
  try {
    const releases = versionsOf(program).map((version) => ({
      release: renderVersion(version, program.health),
      healthy: version.healthy || program.health === "none",
    }));
    const first = await AppProcess.start(
      join(folder, "hot", "app"),
      releases[0]!.release,
      { health: program.health, planted: shellBug(planted) },
    );
    if (!first.app) {
      return {
        program,
        upgrades,
        violations: [`the first version does not start: ${first.log}`],
      };
    }
    await using hot = first.app;
    await observe.serversUp(hot, releases[0]!.release);
    await observe.changesOf(hot, releases[0]!.release);
    await give(hot, releases[0]!.release);
    let current = 0;
    for (const [index, to] of program.path.entries()) {
      if (to === current) continue;
      going = `${current} -> ${to}`;
      const upgrade = runUpgrade(
        hot,
        releases[current]!.release,
        releases[to]!,
        join(folder, `attempt-${index}`),
        program,
        planted,
      );
      // Asked here, while the process has not been ended by the test itself.
      const attempt = await upgrade.catch((error: unknown) => {
        died = hot.ended ? hot.log.slice(-800) : undefined;
        throw error;
      });
      upgrades.push({ from: current, to, ...attempt.report });
      violations.push(
        ...attempt.violations.map((text) => `${current} -> ${to}: ${text}`),
      );
      if (violations.length > 0) break;
      if (attempt.report.end === "applied") current = to;
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    violations.push(
      died === undefined
        ? `${going}: the run broke off: ${message}`
        : `${going}: the process ended: ${died}`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return { program, upgrades, violations };
}

async function runUpgrade(
  hot: AppProcess,
  old: Release,
  { release: next, healthy }: { release: Release; healthy: boolean },
  folder: string,
  program: Program,
  planted: PlantedBug | undefined,
): Promise<
  { report: Omit<UpgradeReport, "from" | "to">; violations: string[] }
> {
  await Deno.mkdir(folder, { recursive: true });
  const starting = AppProcess.start(join(folder, "fresh", "app"), next, {
    health: program.health,
  });
  const packing = packTo(folder, forgedRelease(planted, old, next))
    .catch((error: Error) => error);
  const answersBefore = await observe.answersOf(hot, old);
  const beatsBefore = await hot.beats(60);
  const statesBefore = await observe.statesOf(hot, old);
  const variablesBefore = await observe.variablesOf(hot, old);
  const started = await starting;
  const violations: string[] = [];
  try {
    const load = new Load(hot, common(old, next), commonHolders(old, next));
    await load.more(20);
    // A release that cannot be packed never reaches a process.
    const url = await packing;
    const outcome: Outcome = url instanceof Error
      ? { state: "failed", phase: "pack", message: url.message }
      : await hot.upgrade(url);
    const settled = performance.now();
    await load.more(20);
    await load.stop();
    const end = endOf(outcome);
    const fresh = started.app;
    const beatsFresh = fresh ? await beatsOnceUp(fresh, next) : "";
    const sound = fresh !== undefined && !fresh.ended && healthy;
    if (hot.ended) {
      violations.push(`the process ended: ${hot.log.slice(-600)}`);
    } else if (end === "applied" && (!sound || !fresh)) {
      violations.push(
        `applied, though a fresh process ${
          fresh && !fresh.ended ? "is not healthy" : "does not start"
        }`,
      );
    } else if (end === "applied" && fresh) {
      await tampered(planted, hot, old, next);
      const wanted: Record<string, SavedStates> = {};
      for (const holder of old.holders) {
        const after = next.holders.find(({ piece }) => piece === holder.piece);
        if (!after) {
          violations.push(
            `state of ${holder.piece} is gone, and nobody consented`,
          );
          continue;
        }
        wanted[holder.piece] = expectedStates(
          statesBefore[holder.piece]!,
          load.added,
          holder,
          after,
        );
      }
      for (const [piece, states] of Object.entries(wanted)) {
        await fresh.call(`${piece}_restore`, states);
      }
      const variables = await observe.variablesOf(hot, next);
      for (const { piece, startsAnew } of next.variables) {
        const before = variablesBefore[piece];
        if (
          piece in variablesBefore && variables[piece] !== before &&
          !(startsAnew && variables[piece] === 0)
        ) {
          violations.push(
            `variable of ${piece} was ${before} and is ${
              variables[piece]
            }, and nothing names it`,
          );
        }
        await fresh.call(`${piece}_restore`, variables[piece]);
      }
      // What came with this release has had no calls yet; both get them now.
      const had = new Set(old.given.map(({ name }) => name));
      await give(hot, next, (name) => !had.has(name));
      await give(fresh, next);
      const freshAnswers = await observe.answersOf(fresh, next);
      violations.push(
        ...observe.differences("runs by itself", {
          beats: await observe.beatsLike(hot, beatsFresh),
        }, { beats: beatsFresh }),
        ...observe.differences(
          "answer",
          await observe.answersOf(hot, next),
          freshAnswers,
        ),
        ...observe.differences(
          "state",
          await observe.statesOf(hot, next),
          await observe.statesOf(fresh, next),
        ),
        ...observe.differences(
          "change",
          await observe.changesOf(hot, next),
          await observe.changesOf(fresh, next),
        ),
        ...underLoad(load.seen, answersBefore, freshAnswers, settled),
      );
    } else {
      if (sound && end === "refused" && !namesPlace(outcome)) {
        violations.push(`refused without file and line: ${outcome.message}`);
      }
      const wanted: Record<string, SavedStates> = {};
      for (const holder of old.holders) {
        wanted[holder.piece] = expectedStates(
          statesBefore[holder.piece]!,
          load.added,
          holder,
          holder,
        );
      }
      await tampered(planted, hot, old, next, { fresh });
      violations.push(
        ...observe.differences(`as before, after ${end}: runs by itself`, {
          beats: await observe.beatsLike(hot, beatsBefore),
        }, { beats: beatsBefore }),
        ...observe.differences(
          `as before, after ${end}: answer`,
          await observe.answersOf(hot, old),
          answersBefore,
        ),
        ...observe.differences(
          `as before, after ${end}: state`,
          await observe.statesOf(hot, old),
          wanted,
        ),
        ...observe.differences(
          `as before, after ${end}: variable`,
          await observe.variablesOf(hot, old),
          variablesBefore,
        ),
        ...underLoad(load.seen, answersBefore, answersBefore, settled),
      );
    }
    return {
      report: { end, sound, message: outcome.message ?? "" },
      violations,
    };
  } finally {
    await started.app?.[Symbol.asyncDispose]();
  }
}

/** Brings what has no state to export into the state in which it is compared. */
async function give(
  app: AppProcess,
  release: Release,
  to: (name: string) => boolean = () => true,
): Promise<void> {
  for (const { name, args } of release.given) {
    if (to(name)) await app.call(name, ...args);
  }
}

/** What a fresh process does by itself once its servers listen: a window in which it does the same twice. Its end, if
 * the release is broken, is told by `ended`. */
async function beatsOnceUp(
  fresh: AppProcess,
  release: Release,
): Promise<string> {
  try {
    await observe.serversUp(fresh, release);
    let last = await fresh.beats(50);
    for (let turn = 0; turn < 3; turn++) {
      const again = await fresh.beats(50);
      if (again === last) break;
      last = again;
    }
    return last;
  } catch (error) {
    if (fresh.ended) return "";
    throw error;
  }
}

const common = (old: Release, next: Release) =>
  old.probes.filter((probe) =>
    probe.underLoad && next.probes.some(({ name }) => name === probe.name)
  );

const commonHolders = (old: Release, next: Release) =>
  old.holders.filter(({ piece }) =>
    next.holders.some((other) => other.piece === piece)
  );
