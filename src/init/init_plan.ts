/** What it takes to make an app hot: what can be written, and what a person must do.
 * @module
 */
import { dockerfileInstructions } from "../config/files/dockerfile_lines.ts";
import { imageStart } from "../config/files/image_start.ts";
import { isManual } from "../config/files/node_modules.ts";
import { isRecord } from "../base/values.ts";
import { isTooOld, OLDEST_DENO } from "../version.ts";
import { bootShellPart } from "./boot_shell_part.ts";
import { denoJsonPart } from "./deno_json_part.ts";
import { frameworkOf } from "./framework.ts";
import { ignoreFolders } from "./edit/ignore_edit.ts";
import { FIRST_MAIN, preloadPart } from "./preload_part.ts";
import {
  missingNames,
  movedRows,
  undecidedSteps,
} from "./state/state_table.ts";
import type {
  HotWay,
  InitChange,
  InitPart,
  InitPlan,
  InitSources,
  LookedAt,
} from "./plan_types.ts";

/** Tells how the runtime gets into an app: by the boot shell where that is asked for, or there already. */
export function wayOf(sources: InitSources, bootShell: boolean): HotWay {
  const hasShell = sources.entries.some((path) => startsItself(path, sources));
  return bootShell || hasShell ? "boot shell" : "preload";
}

/** Plans what to add to an app. */
export function planInit(
  sources: InitSources,
  way: HotWay,
  { state, surfaces }: LookedAt,
): InitPlan {
  const told = isServed(sources) ? "default export" : frameworkOf([
    ...sources.entries.flatMap(sources.imports),
    ...Object.keys(importsIn(sources)).filter((name) => name === "fresh"),
  ]);
  // An entry may leave it to other modules.
  const framework =
    told === "deno" && !sources.entries.some(callsServe(sources))
      ? frameworkOf([...sources.modules.keys()].flatMap(sources.imports))
      : told;
  const changes: InitChange[] = [];
  const steps: string[] = [];
  const notes: string[] = [];
  const add = (part: InitPart) => {
    changes.push(...part.changes ?? []);
    steps.push(...part.steps ?? []);
    notes.push(...part.notes ?? []);
  };
  const part = way === "preload"
    ? preloadPart(sources, framework)
    : bootShellPart(sources, framework);
  add(part);
  const edits = (part.changes ?? []).flatMap((it) => it.edits);
  const moves = new Map(
    edits.flatMap(({ from, path }) => from === undefined ? [] : [[from, path]]),
  );
  const rows = movedRows(state, moves);
  const names = missingNames(rows);
  add(
    denoJsonPart(sources, way, {
      ...names,
      // A first app has nothing yet that could be looked at.
      keep: edits.some(({ after }) => after === FIRST_MAIN)
        ? ["main.ts#visits"]
        : names.keep,
    }),
  );
  add({
    steps: undecidedSteps(rows),
    notes: way === "preload" ? socketNotes(sources) : [],
  });
  add(
    ignorePart(
      sources,
      edits.some(({ path }) => path === sources.dockerfilePath),
    ),
  );
  add(imagePart(sources));
  if ("unread" in sources.release && sources.entries.length > 0) {
    notes.push(
      `what the modules hold could not be looked at: ${sources.release.unread}`,
    );
  }
  return {
    framework,
    entries: sources.entries,
    way,
    state: rows,
    // What moves is not yet where it will be.
    surfaces: moves.size > 0 ? [] : surfaces,
    changes,
    steps,
    notes,
  };
}

/** Open sockets need a word in deno.json. */
function socketNotes({ release, packed }: InitSources): string[] {
  if ("unread" in release || release.settings?.sockets !== undefined) return [];
  const found = Object.keys(release.modules).find((path) =>
    release.analysis?.[path]?.imports?.some(({ specifier }) =>
      /^(?:npm:\/?)?(?:ws|socket\.io)(?:$|[@/])/.test(specifier)
    ) || packed(path)?.includes("upgradeWebSocket")
  );
  return found
    ? [
      `${found} opens WebSockets: say in deno.json what becomes of open ones when their handlers are replaced: "flyhot": { "sockets": "replay" } greets them again, "reconnect" closes them so that clients come back, "keep" lets them stay with the old handlers; without it an upgrade of ${found} is refused while any is open`,
    ]
    : [];
}

function callsServe({ modules }: InitSources): (path: string) => boolean {
  return (path) => /\bDeno\.serve\(/.test(modules.get(path) ?? "");
}

/** Whether the image serves the main module's default export. */
function isServed(
  { dockerfile, starts }: InitSources,
): boolean {
  const start = imageStart(dockerfile ?? "", starts.task);
  return start?.command !== null && start !== null &&
    start.command.kind !== "run";
}

/** Whether a main module calls `reapply()`. */
function startsItself(path: string, { tree, imports }: InitSources): boolean {
  const isImported = imports(path).some((it) =>
    /^(?:jsr:\/?)?@flyhot\/runtime/.test(it)
  );
  const source = isImported ? tree(path)?.source ?? "" : "";
  return isImported && /\breapply\b/.test(source);
}

function importsIn({ denoJson }: InitSources): Record<string, unknown> {
  const imports = denoJson?.value.imports;
  return isRecord(imports) ? imports : {};
}

/** What images and repositories do without: releases; in an image also a repository, over which nothing is laid, and packages of another computer. */
function ignorePart(sources: InitSources, hasNewImage: boolean): InitPart {
  const { dockerignore, gitignore, isRepository } = sources;
  const said = sources.denoJson?.value ?? {};
  // With "manual" the runtime could not start: that becomes "auto".
  const hasPackages = sources.packageJson !== null ||
    said.nodeModulesDir === "auto" || isManual(said, false);
  const change = (
    path: string,
    before: string | null,
    isWanted: boolean,
    folders: readonly string[],
  ): InitChange[] => {
    const after = ignoreFolders(before, folders);
    return before === null && !isWanted || before === after ? [] : [{
      title: `what does not belong there in ${path}`,
      edits: [{ path, before, after }],
    }];
  };
  return {
    changes: [
      ...change(
        ".dockerignore",
        dockerignore,
        sources.dockerfile !== null || hasNewImage,
        [
          ".flyhot",
          ...isRepository ? [".git"] : [],
          ...hasPackages ? ["node_modules"] : [],
        ],
      ),
      ...change(".gitignore", gitignore, isRepository, [".flyhot"]),
    ],
  };
}

function imagePart(
  { dockerfile, dockerfilePath, flyToml }: InitSources,
): InitPart {
  const steps: string[] = [];
  const [tag, version] =
    /(\d+\.\d+)\S*/.exec(denoTag(dockerfile ?? "") ?? "") ?? [];
  if (version !== undefined && isTooOld(version)) {
    steps.push(
      `Use Deno ${OLDEST_DENO} or later in the ${dockerfilePath}: it says ${tag}.`,
    );
  }
  if (flyToml === null) {
    steps.push("Make the app known to Fly: fly launch --no-deploy");
  }
  return { steps };
}

/** The tag of the Deno that runs in an image: of the one it is made from, or that it takes the program of. */
function denoTag(dockerfile: string): string | undefined {
  const args = new Map<string, string>();
  const image = /(?:^|[\s=/])deno(?:land\/deno)?:(\S+)/;
  const tags = new Map<string, string>();
  let found: string | undefined;
  for (const { name, rest } of dockerfileInstructions(dockerfile)) {
    const said = rest.replaceAll(
      /\$\{?(\w+)(?::?-([^}]*))?\}?/g,
      (whole, key, other) => args.get(key) ?? other ?? whole,
    );
    if (name === "ARG") {
      const [key, value] = said.split("=");
      if (value !== undefined) args.set(key!, value.replaceAll(/["']/g, ""));
    } else if (name === "FROM") {
      const [, of, , alias] =
        /^(?:--\S+\s+)*(\S+)(\s+AS\s+(\S+))?/i.exec(said) ??
          [];
      found = image.exec(` ${of}`)?.[1] ?? tags.get(of ?? "");
      if (alias && found !== undefined) tags.set(alias, found);
    } else if (name === "COPY") {
      const from = /--from=(\S+)/.exec(said)?.[1] ?? "";
      if (/\bdeno\b(?!\S*\.)/.test(said)) {
        found = image.exec(`=${from}`)?.[1] ?? tags.get(from) ?? found;
      }
    }
  }
  return found;
}
