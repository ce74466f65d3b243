/** A rollout's report for people.
 * @module
 */
import {
  type HolderChange,
  type Refusal,
  refusalText,
} from "@flyhot/runtime/protocol";
import { EXIT_CODES } from "../errors.ts";
import type { CaptureReport, PlanReport } from "@flyhot/runtime/plan";
import {
  type MachineReport,
  NOTHING_WOULD_CHANGE,
  type RolloutReport,
} from "../rollout/report.ts";
import { surfaceLines } from "../ui/surface_text.ts";
import { plannedMemoryWords } from "../ui/memory_words.ts";
import { standingWords } from "../ui/reporters/event_line.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatTable,
  oneLine,
} from "../ui/format.ts";

const NAMES_SHOWN_MAX = 12;

/** What is said once, at the end. */
const LAST_RESORT = /; run fly deploy$/;

/** The exit code that tells how a rollout ended. */
export function exitCodeOf(report: RolloutReport): number {
  switch (report.outcome) {
    case "committed":
    case "nothing_to_do":
      return EXIT_CODES.ok;
    case "rolled_back":
      return EXIT_CODES.incomplete;
    case "cold":
      return EXIT_CODES.cold;
    case "dry_run":
      return report.plan === null || report.plan.hot
        ? EXIT_CODES.ok
        : EXIT_CODES.cold;
  }
}

/** Writes a report for people. */
export function reportText(report: RolloutReport): string {
  const { app, plan, machines } = report;
  const sections = [
    plan === null || plan.hot
      ? `${app}: ${oneLine(report.summary)}`
      : `${app} needs a cold deploy`,
  ];
  if (report.outcome === "cold" || report.outcome === "dry_run") {
    const isNothing = report.summary === NOTHING_WOULD_CHANGE;
    if (plan && !isNothing) sections.push(planText(plan));
    else if (plan && noteLines(plan).length > 0) {
      sections.push(noteLines(plan).join("\n"));
    }
    if (report.outcome === "cold" && machines.length > 0) {
      // Machines found out what only they could know.
      sections.push(oneLine(report.summary), machineLines(machines).join("\n"));
    }
    const surface = isNothing
      ? []
      : (report.surfaces ?? []).flatMap(surfaceLines);
    if (surface.length > 0) sections.push(surface.join("\n"));
    if (plan?.hot && report.outcome === "dry_run" && !isNothing) {
      sections.push(
        [
          ...(report.size === null
            ? []
            : [`Release: ${formatBytes(report.size)}`]),
          ...machines.map(({ id, region, standing }) =>
            standing === "queued"
              ? `${id} (${region}) would upgrade now`
              : `${id} (${region}) would apply it at its next start`
          ),
        ].join("\n"),
      );
    }
    return sections.join("\n\n");
  }
  const done = machines.filter((it) => it.reloaded.length > 0);
  const changes = [
    ...reloadedLines(done),
    ...(plan ? otherFiles(plan) : []),
    ...holderLines(machines),
    ...(plan ? noteLines(plan) : []),
  ];
  if (changes.length > 0) sections.push(changes.join("\n"));
  if (machines.length > 0) sections.push(machineLines(machines).join("\n"));
  const failures = failureLines(machines);
  if (failures.length > 0) sections.push(failures.join("\n"));
  if (report.outcome === "rolled_back") {
    sections.push(
      "Fix the cause and run flyhot hot again; what the machines run now: flyhot status",
    );
  }
  return sections.join("\n\n");
}

/** Writes a plan for people. */
export function planText(plan: PlanReport): string {
  if (plan.hot) {
    const lines = [
      ...(plan.reload.length > 0
        ? [
          named(
            `Reload ${formatCount(plan.reload.length, "module")}`,
            plan.reload,
          ),
        ]
        : []),
      ...plan.reload.flatMap((path) => {
        const chain = plan.because[path] ?? [];
        const capture = plan.captures?.[path];
        return capture
          ? [captureLine(path, capture)]
          : chain.length > 1
          ? [`  ${path}, because of ${chain[0]}`]
          : [];
      }),
      ...Object.entries(plan.rebound ?? {}).map(([path, by]) =>
        named(`Call the new ${path} and stay as they are`, by)
      ),
      ...otherFiles(plan),
      ...stateOf(plan),
      ...(plan.unchanged.length > 0
        ? [`Unchanged: ${formatCount(plan.unchanged.length, "file")}`]
        : []),
      ...(plan.retained_bytes > 0
        ? [
          plannedMemoryWords(plan.retained_bytes, plan.upgrades_left),
        ]
        : []),
    ];
    const changes = plan.reload.length + plan.mapped.length +
      plan.assets.length + plan.removed.length;
    const answer = changes > 0
      ? ["This can go hot.", ...lines]
      : ["Nothing would change."];
    return [...answer, ...noteLines(plan)].join("\n");
  }
  const files = plan.refusals.flatMap(refusalLines);
  return [
    `${formatCount(plan.cold.length, "file")} cannot go hot:`,
    ...files,
    ...noteLines(plan),
    "",
    "Bring this to the machines with: fly deploy",
  ].join("\n");
}

/** `  routes.ts:12 passes it on: f of m.ts`. */
function captureLine(
  path: string,
  { of, name, why, line }: CaptureReport,
): string {
  const place = line > 0 ? `${path}:${line}` : path;
  return `  ${place} ${why}: ${name === "" ? of : `${name} of ${of}`}`;
}

function noteLines(
  { notes = [], warnings = [] }: PlanReport,
): readonly string[] {
  return [
    ...warnings.map((text) => `Warning: ${oneLine(text)}`),
    ...notes.map((text) => `Note: ${oneLine(text)}`),
  ];
}

/** With file and line, and for modules the way to the one that holds what changed. */
function refusalLines(refusal: Refusal): readonly string[] {
  const { chain = [] } = refusal;
  return [
    `  ${oneLine(refusalText(refusal).replace(LAST_RESORT, ""))}`,
    ...(chain.length > 1 ? [`    ${chain.join(" ← ")}`] : []),
  ];
}

/** What becomes of holders, and of state outside of them. */
function stateOf(
  { holders = {}, kept = [], reaches = {}, startsAnew = [] }: PlanReport,
): readonly string[] {
  const words = {
    kept: "stays",
    "declared again": "stays, declared again",
    removed: "removed",
  } as const;
  const shown = Object.entries(holders).map(([name, what]) =>
    `${name} ${words[what]}`
  );
  return [
    ...(shown.length > 0 ? [named("Holders", shown)] : []),
    ...(kept.length > 0 ? [named("Stays by its name", kept)] : []),
    ...Object.entries(reaches).map(([at, classes]) =>
      `  ${at} holds ${
        classes.map(({ name, path, follows }) =>
          `${name} of ${path}${follows ? ", which follows its class" : ""}`
        ).join("; ")
      }`
    ),
    ...(startsAnew.length > 0
      ? [named("Starts new with its module", startsAnew)]
      : []),
  ];
}

function reloadedLines(machines: readonly MachineReport[]): readonly string[] {
  // Process groups load different modules, so there may be more than one answer.
  const groups = Map.groupBy(
    machines,
    ({ reloaded, modules }) => JSON.stringify([reloaded, modules]),
  );
  return [...groups.values()].map((group) => {
    const { reloaded, modules } = group[0]!;
    const where = groups.size > 1
      ? ` on ${formatCount(group.length, "machine")}`
      : "";
    return named(
      `Reloaded ${reloaded.length} of ${
        formatCount(modules, "module")
      }${where}`,
      reloaded,
    );
  });
}

function otherFiles(plan: PlanReport): readonly string[] {
  const lines: string[] = [];
  const packages = (plan.packages ?? []).map(({ name, from, to, download }) =>
    `${name} ${from === null ? `${to} comes in` : `${from} -> ${to}`}${
      download ? " (machines download it)" : ""
    }`
  );
  if (packages.length > 0) lines.push(named("Packages", packages));
  if (plan.mapped.length > 0) {
    lines.push(named("Not loaded so far, new when first wanted", plan.mapped));
  }
  if (plan.assets.length > 0) lines.push(named("Assets", plan.assets));
  if (plan.removed.length > 0) lines.push(named("Removed", plan.removed));
  return lines;
}

function holderLines(machines: readonly MachineReport[]): readonly string[] {
  const texts = new Map<string, string>();
  for (const { holders } of machines) {
    for (const holder of holders) texts.set(holder.name, holderText(holder));
  }
  return texts.size === 0 ? [] : [`Holders: ${[...texts.values()].join(", ")}`];
}

function holderText({ name, from, to, action }: HolderChange): string {
  switch (action) {
    case "kept":
      return `${name} v${to} (state kept)`;
    case "migrated":
      return `${name} v${from} → v${to} (state migrated)`;
    case "added":
      return `${name} v${to} (new)`;
    case "removed":
      return `${name} (removed)`;
  }
}

function machineLines(machines: readonly MachineReport[]): readonly string[] {
  const rows = machines.map((it) => {
    const { mark, words } = standingWords(it.standing);
    return [
      `${mark} ${it.id}`,
      it.region,
      // Nobody waits any more when this is read.
      it.standing === "queued" ? "left as it was" : words,
      it.suspend_ms === null
        ? ""
        : `suspended ${formatDuration(it.suspend_ms)}`,
      it.total_ms === null ? "" : `total ${formatDuration(it.total_ms)}`,
    ];
  });
  return formatTable(rows.map((row) => row.map(oneLine)));
}

function failureLines(machines: readonly MachineReport[]): readonly string[] {
  return machines.flatMap(({ id, failure }) => {
    if (failure === null) return [];
    const { refusals = [] } = failure;
    const lines = [
      `${id} failed in ${failure.phase}: ${oneLine(failure.message)}`,
      ...refusals.flatMap(refusalLines),
    ];
    if (failure.end === "fail") {
      lines.push(
        `  its process may be half upgraded: fly machine restart ${id}`,
      );
    }
    return lines;
  });
}

function named(what: string, names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(", ");
  const more = names.length - NAMES_SHOWN_MAX;
  return `${what}: ${shown}${more > 0 ? ` and ${more} more` : ""}`;
}
