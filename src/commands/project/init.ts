/** `flyhot init`: what an app needs to become hot.
 * @module
 */
import { FlyhotError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { confirm, showDiff } from "../../ui/ask.ts";
import { diffLines, diffText } from "../../ui/line_diff.ts";
import { type Command, defineCommand } from "../command.ts";
import { SUMMARIES } from "../summaries.ts";
import { applyChange } from "../../init/apply_init.ts";
import { planInit, wayOf } from "../../init/init_plan.ts";
import type { FileEdit, InitChange, InitPlan } from "../../init/plan_types.ts";
import { lookAt, readInitSources } from "../../init/read_sources.ts";
import { stateLines } from "../../init/state/state_text.ts";
import { surfaceLines } from "../../ui/surface_text.ts";

const NEW_LINES_SHOWN_MAX = 60;

/** `flyhot init` */
export const initCommand: Command = defineCommand({
  name: "init",
  summary: SUMMARIES.init,
  description: [
    "Looks at the app in a folder (its main module, what it serves with, what its modules hold, deno.json, Dockerfile, fly.toml), and adds what it needs. The app itself is not touched: the runtime starts in front of it, by --preload in the command of the image. With --boot-shell a boot shell with reapply() and live() takes the place of the main module instead.",
    "Tells with file and line what happens to each piece of state when its module is replaced, and writes into deno.json what stays (keep) and what starts new (startsAnew).",
    "Every file is shown as a difference before it is written, and asked for. Where nobody can be asked, and with --dry-run, it only shows what it would do; with --yes it writes everything. A second run changes nothing.",
  ],
  argument: {
    name: "folder",
    description: "The app's folder (default: the working folder)",
  },
  flags: [
    {
      name: "yes",
      type: "boolean",
      short: "y",
      description: "Write everything without asking",
    },
    {
      name: "boot-shell",
      type: "boolean",
      description:
        "Put a boot shell with a live boundary in the place of the main module, in place of the preload",
    },
    {
      name: "dry-run",
      type: "boolean",
      description: "Show what would be written, and write nothing",
    },
    {
      name: "non-interactive",
      type: "boolean",
      description: "Ask nothing; without --yes write nothing either",
    },
  ],
  examples: [
    { title: "The app in this folder", command: "flyhot init" },
    {
      title: "What it would do",
      command: "flyhot init --dry-run",
    },
    { title: "A new app", command: "flyhot init --yes my-app" },
  ],
  async run({ argument, flags, json, host, signal, answer }) {
    const folder = argument ?? ".";
    const kind = (await host.files.stat(folder === "." ? host.cwd() : folder))
      ?.kind;
    if (kind !== "directory" && !(kind === undefined && flags.yes)) {
      throw new FlyhotError(
        "usage",
        kind === undefined
          ? `Cannot look at ${folder}: there is no such folder`
          : `Cannot look at ${folder}: it is not a folder`,
        kind === undefined ? { hint: "with --yes it is made" } : {},
      );
    }
    const sources = await readInitSources(folder, host, signal);
    const way = wayOf(sources, flags["boot-shell"]);
    const plan = planInit(sources, way, lookAt(sources, way));
    const yes = flags.yes && !flags["dry-run"];
    const asks = !yes && !flags["dry-run"] && !flags["non-interactive"] &&
      !json && host.stdin !== null;
    if (asks && plan.changes.length > 0) {
      const lines = stateLines(plan.state);
      if (lines.length > 0) host.stderr.write(`${lines.join("\n")}\n\n`);
    }
    const written = new Set<InitChange>();
    for (const change of plan.changes) {
      const isWanted = yes ||
        (asks && await isAgreed(change, host, signal));
      if (!isWanted) continue;
      await applyChange(change, folder, host);
      written.add(change);
    }
    answer({
      text: initText(plan, written, asks),
      json: initReport(plan, written),
      folds: true,
      whole: [...plan.changes.flatMap(changeLines), ...NEXT.split("\n")],
    });
    return 0;
  },
});

async function isAgreed(
  change: InitChange,
  host: Host,
  signal: AbortSignal,
): Promise<boolean> {
  for (const edit of change.edits) {
    showDiff(titleOf(edit, change), diffOf(edit, change), host);
  }
  const names = change.edits.map(({ path }) => path).join(" and ");
  return await confirm(`Write ${names} (${change.title})?`, host, signal);
}

/** A file that moves is compared with what it was, and so is what takes its place. */
function diffOf(edit: FileEdit, { edits }: InitChange) {
  const source = edits.find(({ path }) => path === edit.from);
  const isReplaced = edits.some(({ from }) => from === edit.path);
  const before = source?.before ?? (isReplaced ? "" : edit.before) ?? "";
  return diffLines(before, edit.after);
}

function titleOf(
  { path, before, from }: FileEdit,
  { edits }: InitChange,
): string {
  if (from !== undefined) return `${from} → ${path}`;
  if (before === null) return `${path} (new)`;
  return edits.some((it) => it.from === path)
    ? `${path} (in place of what moved)`
    : path;
}

/** The answer of `flyhot init --json`. */
interface InitReport {
  readonly framework: InitPlan["framework"];
  readonly entries: readonly string[];
  readonly way: InitPlan["way"];
  readonly state: InitPlan["state"];
  readonly surfaces: InitPlan["surfaces"];
  readonly changes: readonly {
    readonly title: string;
    readonly written: boolean;
    readonly files: readonly {
      readonly path: string;
      readonly from: string | null;
      readonly exists: boolean;
      readonly content: string;
    }[];
  }[];
  readonly steps: readonly string[];
  readonly notes: readonly string[];
}

function initReport(
  plan: InitPlan,
  written: ReadonlySet<InitChange>,
): InitReport {
  const { framework, entries, way, state, surfaces, steps, notes } = plan;
  return {
    framework,
    entries,
    way,
    state,
    surfaces,
    changes: plan.changes.map((change) => ({
      title: change.title,
      written: written.has(change),
      files: change.edits.map(({ path, before, after, from }) => ({
        path,
        from: from ?? null,
        exists: before !== null,
        content: after,
      })),
    })),
    steps,
    notes,
  };
}

const NAMES = {
  deno: "Deno.serve",
  hono: "Hono",
  oak: "Oak",
  fresh: "Fresh",
  express: "Express",
  fastify: "Fastify",
  koa: "Koa",
  "default export": "its default export",
  node: "a server of Node",
} as const;

function initText(
  plan: InitPlan,
  written: ReadonlySet<InitChange>,
  asked: boolean,
): string {
  const { changes, steps, notes } = plan;
  const sections = [
    plan.entries.length === 0
      ? "There is no main module yet."
      : `${plan.entries.join(" and ")} ${
        plan.entries.length === 1 ? "serves" : "serve"
      } with ${NAMES[plan.framework]}.`,
  ];
  if (changes.length === 0 && steps.length === 0) {
    sections.push("It is hot already: nothing to add.");
  }
  const surface = plan.surfaces.flatMap(surfaceLines);
  if (surface.length > 0) sections.push(surface.join("\n"));
  // Whoever was asked has seen it already.
  const state = asked && changes.length > 0 ? [] : stateLines(plan.state);
  if (state.length > 0) sections.push(state.join("\n"));
  const filesOf = (change: InitChange) =>
    change.edits.map((edit) => `  ${titleOf(edit, change)}`);
  const done = changes.filter((change) => written.has(change));
  if (done.length > 0) {
    sections.push(["Written:", ...done.flatMap(filesOf)].join("\n"));
  }
  const open = changes.filter((change) => !written.has(change));
  if (open.length > 0) {
    sections.push(
      asked
        ? ["Not written:", ...open.flatMap(filesOf)].join("\n")
        : ["Would write (with --yes it does):", ...open.map(changeText)]
          .join("\n\n"),
    );
  }
  if (steps.length > 0) {
    sections.push(
      ["By hand:", ...steps.map((step, index) => `  ${index + 1}. ${step}`)]
        .join("\n"),
    );
  }
  if (notes.length > 0) {
    sections.push(
      ["Good to know:", ...notes.map((it) => `  - ${it}`)].join("\n"),
    );
  }
  if (changes.length + steps.length > 0) sections.push(NEXT);
  return sections.join("\n\n");
}

const NEXT = `Then:
  fly storage create   # a bucket for releases, once
  fly deploy           # once, cold: the image that has flyhot in it
  flyhot doctor        # is everything there?
  flyhot hot           # from then on`;

function changeText(change: InitChange): string {
  return changeLines(change).join("\n");
}

function changeLines(change: InitChange): string[] {
  return change.edits.flatMap((edit) => {
    const lines = diffOf(edit, change);
    const shown = edit.before === null
      ? lines.slice(0, NEW_LINES_SHOWN_MAX)
      : lines;
    const hidden = lines.length - shown.length;
    return [
      titleOf(edit, change),
      ...shown.map((line) => `  ${diffText(line)}`),
      ...(hidden > 0 ? [`  and ${hidden} more lines`] : []),
    ];
  });
}
