/** Runs a program through its upgrades and says where the law of "applied" does not hold.
 * @module
 */
import { join } from "@std/path";
import { AppProcess, type Outcome, packTo } from "./driver.ts";
import { mend, versionsOf } from "./generator.ts";
import {
  answersMeanwhile,
  give,
  judgeNew,
  judgeOld,
  lookBefore,
  stays,
} from "./attempt.ts";
import { Load } from "./load.ts";
import type { Program, Release } from "./model.ts";
import * as observe from "./observe.ts";
import { type End, endOf, namesPlace } from "./outcome.ts";
import { forgedRelease, type PlantedBug, shellBug } from "./planted.ts";
import { renderVersion } from "./render.ts";

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
    const releases = versionsOf(program).map((version): Candidate => ({
      release: renderVersion(version, program.health),
      mended: renderVersion(mend(version), program.health),
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
      if (attempt.isIn) current = to;
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
  { release: next, mended, healthy }: Candidate,
  folder: string,
  program: Program,
  planted: PlantedBug | undefined,
): Promise<Ended> {
  await Deno.mkdir(folder, { recursive: true });
  const startFresh = async (name: string, release: Release) =>
    (await AppProcess.start(join(folder, name, "app"), release, {
      health: program.health,
    })).app;
  const starting = startFresh("fresh", next);
  const packing = packTo(folder, forgedRelease(planted, old, next))
    .catch((error: Error) => error);
  await using fresh = await starting;
  const before = await lookBefore(hot, old);
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
  const sound = fresh !== undefined && await fresh.lives() && healthy;
  const attempt = { hot, old, next, before, load, settled, planted };
  const judge = async (): Promise<string[]> => {
    if (hot.ended) return [`the process ended: ${hot.log.slice(-600)}`];
    if (end === "applied") {
      if (sound) return await judgeNew(attempt, fresh);
      return [
        `applied, though a fresh process ${
          fresh && !fresh.ended ? "is not healthy" : "does not start"
        }`,
      ];
    }
    const violations = sound && end === "refused" && !namesPlace(outcome)
      ? [`refused without file and line: ${outcome.message}`]
      : [];
    if (outcome.phase !== "probation") {
      return [...violations, ...await judgeOld(attempt, end, null, fresh)];
    }
    // Its health had passed, so that callers met it: as it is without what made it fail.
    await using twin = await startFresh("mended", mended);
    if (!twin) return ["the release does not start even without its break"];
    if (stays(outcome)) return await judgeNew(attempt, twin);
    const met = await answersMeanwhile(attempt, twin);
    return [...violations, ...await judgeOld(attempt, end, met, fresh)];
  };
  return {
    report: { end, sound, message: outcome.message ?? "" },
    isIn: end === "applied" || stays(outcome),
    violations: await judge(),
  };
}

/** A version that is upgraded to. */
interface Candidate {
  readonly release: Release;
  /** The same without what makes it fail. */
  readonly mended: Release;
  readonly healthy: boolean;
}

/** An upgrade that has been judged. */
interface Ended {
  readonly report: Omit<UpgradeReport, "from" | "to">;
  /** Whether the new code is in. */
  readonly isIn: boolean;
  readonly violations: readonly string[];
}

const common = (old: Release, next: Release) =>
  old.probes.filter((probe) =>
    probe.underLoad && next.probes.some(({ name }) => name === probe.name)
  );

const commonHolders = (old: Release, next: Release) =>
  old.holders.filter(({ piece }) =>
    next.holders.some((other) => other.piece === piece)
  );
