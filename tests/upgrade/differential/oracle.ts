/** Runs programs through their upgrades and says where the law of "applied" does not hold.
 * @module
 */
import { join } from "@std/path";
import { AppProcess, packTo } from "./driver.ts";
import { mend } from "./program/generator.ts";
import {
  answersMeanwhile,
  give,
  judgeNew,
  judgeOld,
  lookBefore,
  stays,
} from "./attempt.ts";
import { Load } from "./load.ts";
import type { HealthKind, Program, Release, Version } from "./program/model.ts";
import * as observe from "./observe.ts";
import { type End, endOf, namesPlace, type Outcome } from "./outcome.ts";
import { forgedRelease, type PlantedBug, shellBug } from "./planted.ts";
import { renderVersion } from "./program/render.ts";
import {
  blamed,
  breakOf,
  combined,
  failsOnPurpose,
  healthOf,
  type Member,
  membersOf,
} from "./program/together.ts";

/** How one upgrade ended. */
export interface UpgradeReport {
  /** Which versions: `0 -> 1`, or with their seeds where several programs are upgraded at once. */
  readonly what: string;
  /** How many programs got another version in it. */
  readonly count: number;
  readonly end: End;
  /** Whether a fresh process of the release works, as far as it matters to the verdict. */
  readonly sound: boolean;
  readonly message: string;
}

/** How programs in one process ended. */
export interface ProgramReport {
  readonly programs: readonly Program[];
  readonly upgrades: readonly UpgradeReport[];
  /** What broke the law; empty if nothing did. */
  readonly violations: readonly string[];
  /** Those that must be run alone: an upgrade came to nothing, and it does not say because of which. */
  readonly unsettled: readonly Program[];
}

/** Runs a program alone. */
export const runProgram = (
  program: Program,
  planted?: PlantedBug,
): Promise<ProgramReport> => runPrograms([program], planted);

/** Runs programs in one process, each along its own path. */
export async function runPrograms(
  programs: readonly Program[],
  planted?: PlantedBug,
): Promise<ProgramReport> {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-differential-" });
  const members = membersOf(programs);
  const health = healthOf(programs);
  const upgrades: UpgradeReport[] = [];
  const violations: string[] = [];
  const unsettled: Program[] = [];
  const report = { programs, upgrades, violations, unsettled };
  let died: string | undefined;
  let going = "at its start";
  try {
    let at = members.map(() => 0);
    const first = renderVersion(combined(members, at), health);
    const started = await AppProcess.start(join(folder, "hot", "app"), first, {
      health,
      planted: shellBug(planted),
    });
    if (!started.app) {
      violations.push(`the first version does not start: ${started.log}`);
      return report;
    }
    await using hot = started.app;
    await observe.serversUp(hot, first);
    await observe.changesOf(hot, first);
    await give(hot, first);
    const attempt = async (moves: readonly Move[]): Promise<Ended> => {
      const next = at.map((version, index) =>
        moves.find((move) => move.index === index)?.to ?? version
      );
      going = moves.map(({ index, to, member }) =>
        `${members.length > 1 ? `seed ${member.program.seed}: ` : ""}${
          at[index]
        } -> ${to}`
      ).join(", ");
      const ended = await runUpgrade(
        hot,
        renderVersion(combined(members, at), health),
        combined(members, next),
        join(folder, `attempt-${upgrades.length}`),
        health,
        planted,
        // Asked here, while the process has not been ended by the test itself.
      ).catch((error: unknown) => {
        died = hot.ended ? hot.log.slice(-800) : undefined;
        throw error;
      });
      upgrades.push({ what: going, count: moves.length, ...ended.report });
      violations.push(...ended.violations.map((text) => `${going}: ${text}`));
      if (ended.isIn) at = next;
      return ended;
    };
    const rounds = Math.max(...programs.map(({ path }) => path.length));
    for (let round = 0; round < rounds; round++) {
      const moves = movesOf(members, at, round);
      const bad = moves.filter(({ member, to }) =>
        failsOnPurpose(member.versions[to]!, health)
      );
      // All that can go together, without those that are found to hold it back; then each that must fail.
      let left = moves.filter((move) => !bad.includes(move));
      while (left.length > 0) {
        const { isIn, outcome } = await attempt(left);
        if (violations.length > 0) return report;
        if (isIn || left.length === 1) break;
        const guilty = blamed(
          outcome,
          left.map(({ member }) => member),
          hot.ports,
        );
        if (guilty.length === 0) {
          unsettled.push(...left.map(({ member }) => member.program));
          break;
        }
        left = left.filter(({ member }) => !guilty.includes(member));
      }
      for (const move of bad) {
        const { isIn } = await attempt([move]);
        // What stays as it fails is nothing to compare with: no fresh process of it starts.
        if (violations.length > 0 || isIn) return report;
      }
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
  return report;
}

/** A member that is about to get another version. */
interface Move {
  readonly member: Member;
  readonly index: number;
  readonly to: number;
}

function movesOf(
  members: readonly Member[],
  at: readonly number[],
  round: number,
): Move[] {
  return members.flatMap((member, index) => {
    const to = member.program.path[round];
    return to === undefined || to === at[index] ? [] : [{ member, index, to }];
  });
}

/** The ways to break a release of which a fresh process has been seen not to start. */
const provenBreaks = new Set<string>();

async function runUpgrade(
  hot: AppProcess,
  old: Release,
  version: Version,
  folder: string,
  health: HealthKind,
  planted: PlantedBug | undefined,
): Promise<Ended> {
  await Deno.mkdir(folder, { recursive: true });
  const next = renderVersion(version, health);
  const startFresh = async (name: string, release: Release) =>
    (await AppProcess.start(join(folder, name, "app"), release, { health }))
      .app;
  const packing = packTo(folder, forgedRelease(planted, old, next))
    .catch((error: Error) => error);
  const before = await lookBefore(hot, old);
  // A release that cannot be packed never reaches a process.
  const url = await packing;
  const load = new Load(hot, common(old, next), commonHolders(old, next));
  await load.more(load.enough);
  const outcome: Outcome = url instanceof Error
    ? { state: "failed", phase: "pack", message: url.message }
    : await hot.upgrade(url);
  const settled = performance.now();
  await load.more(load.enough);
  await load.stop();
  const end = endOf(outcome);
  const broken = breakOf(version);
  const isHealthy = version.healthy || health === "none";
  const isKnownUnsound = !isHealthy || provenBreaks.has(broken);
  // It costs more than all else: only where the verdict needs it.
  const asksFresh = planted !== undefined || end === "applied" ||
    !(isKnownUnsound || (end === "refused" && namesPlace(outcome)));
  await using fresh = asksFresh ? await startFresh("fresh", next) : undefined;
  const lives = fresh !== undefined && await fresh.lives();
  if (broken && asksFresh && !lives) provenBreaks.add(broken);
  const sound = isHealthy && (asksFresh ? lives : broken === "");
  const attempt = { hot, old, next, before, load, settled, planted };
  const judge = async (): Promise<string[]> => {
    if (hot.ended) return [`the process ended: ${hot.log.slice(-600)}`];
    if (end === "applied") {
      if (sound) return await judgeNew(attempt, fresh!);
      return [
        `applied, though a fresh process ${
          lives ? "is not healthy" : "does not start"
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
    const release = renderVersion(mend(version), health);
    await using twin = await startFresh("mended", release);
    if (!twin) return ["the release does not start even without its break"];
    if (stays(outcome)) return await judgeNew(attempt, twin);
    const met = await answersMeanwhile(attempt, twin);
    return [...violations, ...await judgeOld(attempt, end, met, fresh)];
  };
  return {
    report: { end, sound, message: outcome.message ?? "" },
    outcome,
    isIn: end === "applied" || stays(outcome),
    violations: await judge(),
  };
}

/** An upgrade that has been judged. */
interface Ended {
  readonly report: Omit<UpgradeReport, "what" | "count">;
  readonly outcome: Outcome;
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
