/** What a rehearsal saw, for people and for programs.
 * @module
 */
import type {
  RehearsalDifference,
  RehearsalReport,
} from "@flyhot/runtime/testing";
import { EXIT_CODES } from "../errors.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  oneLine,
} from "../ui/format.ts";
import { diffLines, diffText } from "../ui/line_diff.ts";

const DIFFERENCES_SHOWN_MAX = 20;
const NAMES_SHOWN_MAX = 12;
/** What is said once, at the end. */
const LAST_RESORT = /; run fly deploy$/;

/** The exit code of a rehearsal: 0 same, 7 different or failed, 8 cold. */
export function exitCodeOf({ outcome }: Pick<RehearsalReport, "outcome">) {
  switch (outcome) {
    case "same":
      return EXIT_CODES.ok;
    case "different":
    case "failed":
      return EXIT_CODES.incomplete;
    case "cold":
      return EXIT_CODES.cold;
  }
}

/** Writes a report for people. */
export function rehearsalText(
  report: RehearsalReport,
  versions: { readonly from: string; readonly to: string },
): string {
  const { outcome, differences, reasons, notes } = report;
  const shown = differences.slice(0, DIFFERENCES_SHOWN_MAX);
  const more = differences.length - shown.length;
  const sections = [
    `${versions.from} → ${versions.to}: ${headline(report)}`,
    upgradeLine(report),
    reasons.map((reason) => `  ${oneLine(reason.replace(LAST_RESORT, ""))}`)
      .join("\n"),
    ...(shown.some(({ fresh }) => fresh !== null)
      ? ["- a fresh process, + the upgraded one"]
      : []),
    ...shown.map(differenceLines),
    ...(more > 0 ? [`and ${formatCount(more, "more difference")}`] : []),
    notes.map((note) => `Note: ${oneLine(note)}`).join("\n"),
    ...(outcome === "cold"
      ? ["Bring this to the machines with: fly deploy"]
      : []),
  ];
  return sections.filter((it) => it !== "").join("\n\n");
}

/** The lines of a report that show answers as they were. */
export function answerLines({ differences }: RehearsalReport): string[] {
  return differences.slice(0, DIFFERENCES_SHOWN_MAX)
    .flatMap((it) => differenceLines(it).split("\n").slice(1));
}

function headline({ outcome, differences }: RehearsalReport): string {
  switch (outcome) {
    case "same":
      return "the upgraded process answers as a fresh one does";
    case "different":
      return `the upgraded process answers otherwise than a fresh one, ${
        formatCount(differences.length, "difference")
      }`;
    case "cold":
      return "needs a cold deploy";
    case "failed":
      return "the upgrade failed";
  }
}

function upgradeLine(
  { upgrade, askedMeanwhile, retainedBytes }: RehearsalReport,
): string {
  const { state, reloaded, modules, totalMs } = upgrade;
  if (upgrade.failure) return "";
  const names = reloaded.slice(0, NAMES_SHOWN_MAX).join(", ");
  const more = reloaded.length - NAMES_SHOWN_MAX;
  return [
    state === "nothing_to_do"
      ? "Nothing to do: no file that runs differs"
      : `Reloaded ${reloaded.length} of ${formatCount(modules, "module")}: ${
        names || "none"
      }${more > 0 ? ` and ${more} more` : ""}`,
    `${formatDuration(totalMs)}, ${
      formatCount(askedMeanwhile, "request")
    } meanwhile, ${formatBytes(retainedBytes)} stay in memory`,
  ].join("\n");
}

function differenceLines(difference: RehearsalDifference): string {
  const { number, request, what, upgraded, fresh } = difference;
  const name = `${request}${
    number === 0 ? "" : ` (request ${number})`
  }: ${what}`;
  if (fresh === null && what === "answer") {
    return `${name} failed\n  + ${oneLine(upgraded ?? "")}`;
  }
  const lines = diffLines(readable(fresh), readable(upgraded));
  const shown = lines.length > 0
    ? lines.map(diffText)
    // Only blanks or line ends differ.
    : [`- ${JSON.stringify(fresh)}`, `+ ${JSON.stringify(upgraded)}`];
  return [name, ...shown.map((line) => `  ${line}`)].join("\n");
}

function readable(text: string | null): string {
  if (text === null) return "";
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(unmasked(text)), null, 2);
  } catch {
    return text;
  }
}

/** A mask in the place of a number is a text, or the whole is not JSON any more. */
function unmasked(text: string): string {
  return text.replaceAll(/([:[,]\s*)(<[a-z]+>)(?=\s*[,\]}])/g, '$1"$2"');
}

/** The answer for programs. */
export function rehearsalJson(
  { outcome, differences, reasons, notes, upgrade, ...report }: RehearsalReport,
  versions: { readonly from: string; readonly to: string },
) {
  return {
    ...versions,
    outcome,
    differences,
    reasons,
    notes,
    upgrade: {
      state: upgrade.state,
      version: upgrade.version,
      reloaded: upgrade.reloaded,
      modules: upgrade.modules,
      holders: upgrade.holders,
      suspend_ms: upgrade.suspendMs,
      undrained: upgrade.undrained,
      total_ms: upgrade.totalMs,
      failure: upgrade.failure,
    },
    asked_meanwhile: report.askedMeanwhile,
    retained_bytes: report.retainedBytes,
  };
}
