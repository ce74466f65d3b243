/** Runs many programs, a few at a time, and counts what became of their upgrades.
 * @module
 */
import { generate } from "./program/generator.ts";
import { type ProgramReport, runProgram, runPrograms } from "./oracle.ts";
import type { PlantedBug } from "./planted.ts";
import type { Program } from "./program/model.ts";

/** What became of many programs. */
export interface Figures {
  readonly seeds: number;
  readonly failing: readonly ProgramReport[];
  readonly upgrades: number;
  readonly applied: number;
  /** How often a program got another version by one that was applied: more often, where several get theirs at once. */
  readonly appliedPrograms: number;
  readonly refused: number;
  /** Failed, as an unsound release should. */
  readonly failed: number;
  /** Failed, though a fresh process of the release works: allowed, not wanted. */
  readonly failedSound: readonly string[];
  /** Why sound releases were refused, with how often. */
  readonly refusals: ReadonlyMap<string, number>;
  readonly milliseconds: number;
}

/** Options of {@linkcode runSeeds}. */
export interface SeedOptions {
  readonly from: number;
  readonly seeds: number;
  readonly planted?: PlantedBug;
  /** Whether the programs ask for rebinding. */
  readonly rebind?: boolean;
  /** How many processes run at a time; each has a fresh one beside it now and then. */
  readonly width?: number;
  /** How many programs one process has. Default 1. */
  readonly together?: number;
  readonly onReport?: (report: ProgramReport) => void;
}

/** Runs the programs of consecutive seeds. */
export async function runSeeds(options: SeedOptions): Promise<Figures> {
  const began = performance.now();
  const reports: ProgramReport[] = [];
  const programs = Array.from(
    { length: options.seeds },
    (_, index) => generate(options.from + index, options.rebind),
  );
  const together = options.together ?? 1;
  const groups = Array.from(
    { length: Math.ceil(programs.length / together) },
    (_, index) => programs.slice(index * together, (index + 1) * together),
  );
  await inTurns(groups, options.width ?? 3, async (group) => {
    for (const report of await runGroup(group, options.planted)) {
      reports.push(report);
      options.onReport?.(report);
    }
  });
  return figuresOf(reports, performance.now() - began);
}

/** Runs programs in one process, and those alone that it leaves open. */
async function runGroup(
  group: readonly Program[],
  planted: PlantedBug | undefined,
): Promise<ProgramReport[]> {
  const report = await runPrograms(group, planted);
  if (group.length === 1) return [report];
  const isBroken = report.violations.length > 0;
  const alone: ProgramReport[] = [];
  for (const program of isBroken ? group : report.unsettled) {
    alone.push(await runProgram(program, planted));
  }
  // Where one breaks the law by itself, that says more; its group is not counted twice.
  if (isBroken && alone.some(({ violations }) => violations.length > 0)) {
    return alone;
  }
  const settled = group.filter((program) =>
    !report.unsettled.includes(program)
  );
  return isBroken
    ? [report]
    : [{ ...report, programs: settled, unsettled: [] }, ...alone];
}

/** Does something with each of a list, a few at a time. */
export async function inTurns<T>(
  items: readonly T[],
  width: number,
  use: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await use(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Counts. */
export function figuresOf(
  reports: readonly ProgramReport[],
  milliseconds: number,
): Figures {
  const upgrades = reports.flatMap((report) => report.upgrades);
  const refusals = new Map<string, number>();
  for (const { end, sound, message } of upgrades) {
    if (end !== "refused" || !sound) continue;
    const reason = withoutNames(message);
    refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
  }
  return {
    seeds: reports.reduce((sum, { programs }) => sum + programs.length, 0),
    failing: reports.filter(({ violations }) => violations.length > 0),
    upgrades: upgrades.length,
    applied: upgrades.filter(({ end }) => end === "applied").length,
    appliedPrograms: upgrades.filter(({ end }) => end === "applied")
      .reduce((sum, { count }) => sum + count, 0),
    refused: upgrades.filter(({ end }) => end === "refused").length,
    failed:
      upgrades.filter(({ end, sound }) => end === "failed" && !sound).length,
    failedSound: upgrades.filter(({ end, sound }) => end === "failed" && sound)
      .map(({ message }) => message),
    refusals,
    milliseconds,
  };
}

/** The figures in words. */
export function describeFigures(figures: Figures): string {
  const share = (count: number) =>
    `${count} (${Math.round(100 * count / Math.max(1, figures.upgrades))} %)`;
  const lines = [
    `${figures.seeds} seeds, ${figures.upgrades} upgrades: applied ${
      share(figures.applied)
    } with ${figures.appliedPrograms} versions of programs, refused ${
      share(figures.refused)
    }, failed as they should ${
      share(figures.failed)
    }, failed though a fresh start works ${share(figures.failedSound.length)}`,
    `${
      figures.failing.flatMap(({ programs }) => programs).length
    } seeds break the law; ${Math.round(figures.milliseconds / 1000)} s`,
  ];
  for (
    const [reason, count] of [...figures.refusals].sort(([, a], [, b]) => b - a)
      .slice(0, 12)
  ) {
    lines.push(`  refused ${count} x ${reason.slice(0, 200)}`);
  }
  for (const reason of new Set(figures.failedSound.map(withoutNames))) {
    lines.push(`  failed, not refused: ${reason.slice(0, 300)}`);
  }
  return lines.join("\n");
}

const withoutNames = (message: string): string =>
  message.replaceAll(/\b[m-t]\d\w*/g, "m*").replaceAll(/\d+/g, "N").replaceAll(
    /kept_wN/g,
    "kept",
  );
