/** The status of an app in words.
 * @module
 */
import { parseImageRef } from "@flyhot/runtime/protocol";
import {
  type AbandonedProbation,
  describeAbandoned,
  SETTLES,
} from "../rollout/pointer/abandoned.ts";
import { oneLine } from "../ui/format.ts";
import { retainedWords, upgradesLeftWords } from "../ui/memory_words.ts";
import type { MachineStatus, StatusReport } from "./status.ts";

/** Writes the report for people. */
export function statusText(report: StatusReport): string {
  if (report.machines.length === 0) {
    return `==> Deployment Status\n\nNo machine runs ${report.app}: deploy it with: fly deploy`;
  }
  const blocks = report.machines.map((it) => {
    const lines = [
      `Machine: ${it.id} (${it.region}) [${it.state}]`,
      ...(it.group === "app" ? [] : [`  Group: ${it.group}`]),
      `  Image: ${deploymentOf(it.image_ref)}`,
    ];
    if (it.fingerprint !== null) {
      lines.push(`  Hot Upgrade: ${upgradeWords(it.hot_upgrade)}`);
      lines.push(`  Fingerprint: ${it.fingerprint}`);
    }
    const { mark, words } = verdictWords(it);
    lines.push(`  Status: ${mark} ${words}`);
    if ((it.retained_modules ?? 0) > 0) {
      lines.push(`  Retained: ${retainedWords(it)}`);
      const left = upgradesLeftWords(it.upgrades_left, it.upgrade_bytes);
      if (left !== "" && !it.retained_budget_exceeded) {
        lines.push(`  Memory: ${left}`);
      }
    }
    if (it.retained_budget_exceeded) {
      lines.push(
        `  Note: many replaced modules stay in memory; fly machine restart ${it.id}, or a cold deploy, frees them`,
      );
    }
    return lines.map(oneLine).join("\n");
  });
  const left = report.abandoned.map((it) => `✗ ${abandonedWords(it)}`);
  const mends = mendingWords(report);
  return [
    "==> Deployment Status",
    ...blocks,
    ...(left.length > 0 ? [left.join("\n")] : []),
    ...(mends.length > 0 ? [mends.join("\n")] : []),
  ].join("\n\n");
}

/** Says what was left on probation, and what settles it. */
export function abandonedWords(abandoned: AbandonedProbation): string {
  return `${oneLine(describeAbandoned(abandoned))}: settle it with: ${SETTLES}`;
}

/** Says what mends machines; one that is behind while a rollout reaches it mends itself. */
export function mendingWords(
  { machines }: Pick<StatusReport, "machines">,
): readonly string[] {
  return machines.flatMap(({ verdict, remedy, id }) =>
    remedy === null || verdict === "serves_nobody"
      ? []
      : [`If ${id} stays so: ${remedy}`]
  );
}

/** The part of an image reference that people know an image by. */
export function deploymentOf(imageRef: string): string {
  // Not an image at all: the digest of a working tree.
  if (imageRef.startsWith("local:")) return imageRef;
  try {
    const { tag, digest } = parseImageRef(imageRef);
    return tag ?? digest?.slice(0, 19) ?? imageRef;
  } catch {
    return imageRef === "" ? "unknown" : imageRef;
  }
}

/** How a machine's verdict reads. */
export function verdictWords(
  { verdict, detail, state }: Pick<
    MachineStatus,
    "verdict" | "detail" | "state"
  >,
): {
  readonly mark: string;
  readonly tone: "good" | "bad" | "warn" | "info" | "dim";
  readonly words: string;
} {
  const more = detail === null ? "" : `: ${oneLine(detail)}`;
  switch (verdict) {
    case "up_to_date":
      return {
        mark: "✓",
        tone: "good",
        words: `Up to date${detail === null ? "" : ` (${detail})`}`,
      };
    case "base_image":
      return { mark: "✓", tone: "good", words: "Running base image" };
    case "behind":
      return { mark: "✗", tone: "bad", words: `Behind${more}` };
    case "waiting":
      return { mark: "…", tone: "info", words: `Waiting${more}` };
    case "starting":
      return { mark: "…", tone: "info", words: "Starting" };
    case "applies_at_next_start":
      return {
        mark: "-",
        tone: "dim",
        words: state.startsWith("suspend")
          ? "Suspended: applies when it resumes"
          : "Stopped: applies at next start",
      };
    case "unreachable":
      return { mark: "!", tone: "warn", words: `Unreachable${more}` };
    case "serves_nobody":
      return { mark: "✗", tone: "bad", words: `Serves nobody${more}` };
    case "unknown":
      return { mark: "?", tone: "warn", words: `Unknown${more}` };
  }
}

function upgradeWords(upgrade: MachineStatus["hot_upgrade"]): string {
  return upgrade === null
    ? "None"
    : `v${upgrade.version} (from ${deploymentOf(upgrade.source_image_ref)})`;
}
