/** Ten bugs that a runtime could have, planted around it: in the boot shell, in what is packed, in what is asked.
 * @module
 */
import type { AppProcess } from "./driver.ts";
import { versionsOf } from "./generator.ts";
import type { Program, Release } from "./model.ts";
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
    const bound = old.probes.find(({ name, how }) =>
      how === "call" && next.probes.some((probe) => probe.name === name)
    );
    if (bound) hot.answerWith(bound.name, failure.fresh);
  }
}

/** Whether a program has what a planted bug needs to show: only those are worth running. */
export function findsPlanted(program: Program, planted: PlantedBug): boolean {
  const versions = versionsOf(program);
  const [first, second] = versions;
  const to = versions[program.path[0]!] ?? second;
  if (!first || !to) return false;
  const changed = (kind: string, params: readonly string[]) =>
    to.pieces.some((piece) => {
      const before = first.pieces.find(({ id }) => id === piece.id);
      return piece.kind === kind && before?.presence === "imported" &&
        piece.presence === "imported" &&
        params.some((name) => before.params[name] !== piece.params[name]);
    });
  const broken = to.pieces.some(({ params }) => params.broken);
  if (
    planted === "caller before health" ||
    planted === "undo leaves a new binding"
  ) {
    return !broken && !to.healthy && program.health !== "none" &&
      JSON.stringify(first.pieces) !== JSON.stringify(to.pieces);
  }
  if (broken || !to.healthy) return false;
  switch (planted) {
    case "stale data file":
      return changed("data", ["content"]);
    case "state migrated twice":
      return changed("state", ["steps"]);
    case "registration kept twice":
      return changed("registration", ["word", "step", "key"]);
    case "old method on a kept instance":
      return changed("state", ["word", "step", "baseStep"]) &&
        to.pieces.some(({ params }) => params.classes && !params.arrow);
    case "old timer runs on":
      return changed("running", ["word", "step"]);
    case "service of a pruned module runs on":
      return first.pieces.some(({ id, kind, params, presence }) =>
        kind === "running" && String(params.style).startsWith("service") &&
        presence === "imported" &&
        to.pieces.some((piece) =>
          piece.id === id && piece.presence !== "imported"
        )
      );
    case "lost update":
      return first.pieces.some(({ kind, presence }) =>
        kind === "state" && presence === "imported"
      );
    default:
      return JSON.stringify(first) !== JSON.stringify(to);
  }
}
