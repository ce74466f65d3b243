/** Every commit of a range, rehearsed from the one before: which could have gone hot, and what it would have cost.
 * @module
 */
import type { RehearsalReport } from "@flyhot/runtime/testing";
import { EXIT_CODES, FlyhotError } from "../errors.ts";
import { clip, formatTable, oneLine } from "../ui/format.ts";
import type { RangedCommit } from "./versions.ts";

/** What became of one commit. */
export interface CommitRow {
  /** The commit, in full. */
  readonly commit: string;
  /** Its first line. */
  readonly subject: string;
  /** As a rehearsal; `untouched` where the app's folder is as before; `error` where it could not be rehearsed. */
  readonly outcome: RehearsalReport["outcome"] | "untouched" | "error";
  /** Why it is cold, differs or could not be rehearsed; empty for none. */
  readonly reason: string;
  /** How many differences there are. */
  readonly differences: number;
  /** How long the upgrade took, in milliseconds; null where there was none. */
  readonly ms: number | null;
  /** What stays in memory of it, in bytes; null where there was none. */
  readonly retained_bytes: number | null;
}

const REASON_MAX = 100;

/** Rehearses one commit of a range. */
export async function commitRow(
  { id, subject, untouched }: RangedCommit,
  run: () => Promise<RehearsalReport>,
): Promise<CommitRow> {
  const row = {
    commit: id,
    subject,
    reason: "",
    differences: 0,
    ms: null,
    retained_bytes: null,
  };
  if (untouched) return { ...row, outcome: "untouched" };
  try {
    const report = await run();
    const { outcome, upgrade, differences, reasons, retainedBytes } = report;
    const [first] = differences;
    return {
      ...row,
      outcome,
      reason: reasons.join("; ") ||
        (first ? `${first.request}: ${first.what}` : ""),
      differences: differences.length,
      ...(upgrade.failure ? {} : {
        ms: Math.round(upgrade.totalMs),
        retained_bytes: retainedBytes,
      }),
    };
  } catch (error) {
    if (!(error instanceof FlyhotError)) throw error;
    return { ...row, outcome: "error", reason: error.message };
  }
}

/** The exit code of a walk: 7 if one differs or failed, else 1 if one could not be rehearsed, else 8 if one is cold. */
export function exitCodeOfAll(rows: readonly CommitRow[]): number {
  const has = (...wanted: CommitRow["outcome"][]) =>
    rows.some(({ outcome }) => wanted.includes(outcome));
  if (has("different", "failed")) return EXIT_CODES.incomplete;
  if (has("error")) return EXIT_CODES.unexpected;
  return has("cold") ? EXIT_CODES.cold : EXIT_CODES.ok;
}

const WORDS: Readonly<
  Record<CommitRow["outcome"], readonly [way: string, answers: string]>
> = {
  same: ["hot", "same"],
  different: ["hot", "different"],
  cold: ["cold", ""],
  failed: ["failed", ""],
  untouched: ["-", "untouched"],
  error: ["error", ""],
};

/** Writes the table of a walk. */
export function eachText(rows: readonly CommitRow[]): string {
  if (rows.length === 0) return "There is no commit in this range.";
  const cells = rows.map((row) => {
    const [way, answers] = WORDS[row.outcome];
    return [
      row.commit.slice(0, 9),
      way,
      row.outcome === "different" ? `different (${row.differences})` : answers,
      row.ms === null ? "" : String(row.ms),
      row.retained_bytes === null ? "" : (row.retained_bytes / 1000).toFixed(1),
      clip(oneLine(row.subject), 40),
      clip(oneLine(row.reason), REASON_MAX),
    ];
  });
  const counts = Object.entries(
    Object.groupBy(rows, ({ outcome }) => WORDS[outcome][0]),
  ).map(([way, some]) => `${some!.length} ${way === "-" ? "untouched" : way}`);
  return [
    ...formatTable([
      ["commit", "way", "answers", "ms", "kB", "subject", "why"],
      ...cells,
    ]),
    "",
    `${rows.length} ${rows.length === 1 ? "commit" : "commits"}: ${
      counts.join(", ")
    }`,
  ].join("\n");
}
