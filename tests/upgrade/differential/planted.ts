/** Ten bugs that a runtime could have, planted around it: in the boot shell, in what is packed, in what is asked.
 * @module
 */
import type { AppProcess } from "./driver.ts";
import { versionsOf } from "./program/generator.ts";
import type { Program, Release, Version } from "./program/model.ts";
import { statesOf } from "./observe.ts";
import { SHELL_BUGS } from "./shell.ts";
import { migrate } from "./state_model.ts";

/** The names of all planted bugs. */
export const PLANTED_BUGS = [
  ...SHELL_BUGS,
  "stale data file",
  "state migrated twice",
  "registration kept twice",
  "undo leaves a new binding",
] as const;

/** The name of one. */
export type PlantedBug = typeof PLANTED_BUGS[number];

/** What the boot shell is told to plant. */
export function shellBug(planted: PlantedBug | undefined): string {
  const known: readonly string[] = SHELL_BUGS;
  return planted !== undefined && known.includes(planted) ? planted : "";
}

/** The release that the running process gets; a fresh one gets the true one. */
export function forgedRelease(
  planted: PlantedBug | undefined,
  old: Release,
  next: Release,
): Release {
  const files: Record<string, string> = { ...next.files };
  for (const [path, text] of Object.entries(next.files)) {
    if (planted === "stale data file" && path.includes("_data.")) {
      files[path] = old.files[path] ?? text;
    }
    if (
      planted === "registration kept twice" && path.endsWith("_commands.ts")
    ) {
      // Both what was registered before and what is registered now.
      const before = (old.files[path] ?? "").split("\n").filter((line) =>
        /^(table|app)[.[]/.test(line)
      );
      files[path] = text + before.join("\n") + "\n";
    }
  }
  return { ...next, files };
}

/** What the driver does to the process after an upgrade, as if the runtime had. */
export async function tampered(
  planted: PlantedBug | undefined,
  hot: AppProcess,
  old: Release,
  next: Release,
  failure?: { readonly fresh: AppProcess | undefined },
): Promise<void> {
  if (planted === "state migrated twice" && !failure) {
    const states = await statesOf(hot, next);
    for (const to of next.holders) {
      const from = old.holders.find(({ piece }) => piece === to.piece);
      if (!from || from.steps.length === to.steps.length) continue;
      const twice = Object.fromEntries(
        Object.entries(states[to.piece]!).map(([key, saved]) =>
          [key, migrate(saved, from, to)] as const
        ),
      );
      await hot.call(`${to.piece}_restore`, twice);
    }
  }
  if (
    planted === "undo leaves a new binding" && failure?.fresh?.ended === false
  ) {
    for (const { name, how } of old.probes) {
      if (how === "call" && next.probes.some((probe) => probe.name === name)) {
        hot.answerWith(name, failure.fresh);
      }
    }
  }
}

/** Whether a program has what a planted bug needs to show: only those are worth running. */
export function findsPlanted(program: Program, planted: PlantedBug): boolean {
  const versions = versionsOf(program);
  let from = versions[0]!;
  for (const index of program.path) {
    const to = versions[index]!;
    if (shows(planted, from, to, program.health !== "none")) return true;
    if (!isBroken(to) && to.healthy) from = to;
  }
  return false;
}

const isBroken = (version: Version): boolean =>
  version.pieces.some(({ params }) => params.broken);

/** Whether a bug shows in the upgrade from one version to another. */
function shows(
  planted: PlantedBug,
  from: Version,
  to: Version,
  asksHealth: boolean,
): boolean {
  if (isBroken(to)) return false;
  const both = to.pieces.flatMap((after) => {
    const before = from.pieces.find(({ id }) => id === after.id);
    return before?.presence === "imported" && after.presence === "imported"
      ? [{ before, after }]
      : [];
  });
  const changed = (kind: string, ...params: readonly string[]) =>
    both.filter(({ before, after }) =>
      after.kind === kind &&
      params.some((name) => before.params[name] !== after.params[name])
    );
  if (
    planted === "caller before health" ||
    planted === "undo leaves a new binding"
  ) {
    const kinds = new Set(["link", "cycle", "boundary", "data", "memo"]);
    return asksHealth && !to.healthy &&
      both.some(({ before, after }) =>
        kinds.has(after.kind) &&
        JSON.stringify(before.params) !== JSON.stringify(after.params)
      );
  }
  if (asksHealth && !to.healthy) return false;
  switch (planted) {
    case "stale data file":
      return changed("data", "content").length > 0;
    case "state migrated twice":
      return changed("state", "steps").length > 0;
    case "registration kept twice":
      return changed("registration", "word", "step", "key").length > 0;
    case "old method on a kept instance":
      return changed("state", "word", "step", "method")
        .some(({ after }) => after.params.classes && !after.params.arrow);
    case "old timer runs on":
      return changed("running", "word", "step")
        .some(({ before }) =>
          /interval|service/.test(`${before.params.style}`)
        );
    case "service of a pruned module runs on":
      return from.pieces.some(({ id, kind, params, presence }) =>
        kind === "running" && String(params.style).startsWith("service") &&
        presence === "imported" && !both.some(({ after }) => after.id === id)
      );
    case "lost update":
      return both.some(({ after }) => after.kind === "state");
    case "skipped upgrade":
      return ["link", "cycle", "boundary"].some((kind) =>
        changed(kind, "word", "step", "top").length > 0
      );
  }
}
