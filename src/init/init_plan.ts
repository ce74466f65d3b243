/** What it takes to make an app hot: what can be written, and what a person must do.
 * @module
 */
import { dirname, join } from "node:path/posix";
import { isRecord } from "../values.ts";
import { VERSION } from "../version.ts";
import { findSpecifiers, maskText } from "../source_text.ts";
import { FIRST_APP, servingShell } from "./boot_shell.ts";
import { readCode } from "./code.ts";
import { type Framework, frameworkOf } from "./framework.ts";
import { moduleState } from "./hazards.ts";
import { ignoreReleases } from "./ignore_edit.ts";
import { addMember } from "./jsonc_edit.ts";
import { moveApp } from "./move_app.ts";

/** The text of a file before and after. */
export interface FileEdit {
  /** Its path under the app's folder. */
  readonly path: string;
  /** What is there, or null for nothing. */
  readonly before: string | null;
  /** What is to be there. */
  readonly after: string;
  /** The file that its content comes from, for a new one. */
  readonly from?: string;
}

/** Edits that belong together: all of them or none. */
export interface InitChange {
  /** What they do. */
  readonly title: string;
  /** The edits, in the order in which they are written. */
  readonly edits: readonly FileEdit[];
}

/** What it takes to make an app hot. */
export interface InitPlan {
  /** What the app serves with. */
  readonly framework: Framework;
  /** Its main modules; empty where there is none yet. */
  readonly entries: readonly string[];
  /** What can be written. */
  readonly changes: readonly InitChange[];
  /** What a person must do, a step each. */
  readonly steps: readonly string[];
  /** What is worth knowing, a sentence each. */
  readonly notes: readonly string[];
}

/** What a plan is made from; null where there is no such file. */
export interface InitSources {
  /** All paths under the app's folder. */
  readonly paths: ReadonlySet<string>;
  /** The texts of its modules, by path. */
  readonly modules: ReadonlyMap<string, string>;
  /** Its main modules; empty where none is there. */
  readonly entries: readonly string[];
  /** The name and text of its `deno.json` or `deno.jsonc`. */
  readonly denoJson: {
    readonly path: string;
    readonly text: string;
    readonly value: Readonly<Record<string, unknown>>;
  } | null;
  /** The packages that its `package.json` names. */
  readonly packages: ReadonlySet<string>;
  /** The text of its `Dockerfile`. */
  readonly dockerfile: string | null;
  /** The text of its `fly.toml`. */
  readonly flyToml: string | null;
  /** The text of its `.dockerignore`. */
  readonly dockerignore: string | null;
  /** The text of its `.gitignore`. */
  readonly gitignore: string | null;
  /** Whether it is in a git repository of its own. */
  readonly isRepository: boolean;
}

const RUNTIME = "@flyhot/runtime";
const OLDEST_DENO = "2.9";

/**
 * Plans what to add to an app.
 *
 * @param sources its files
 * @returns the plan; without changes and steps if the app is hot already
 */
export function planInit(sources: InitSources): InitPlan {
  const framework = frameworkOf([
    ...sources.entries.flatMap((path) =>
      findSpecifiers(sources.modules.get(path) ?? "").map((it) => it.specifier)
    ),
    ...importedNames(sources.denoJson?.value),
  ]);
  const changes: InitChange[] = [];
  const steps: string[] = [];
  const notes: string[] = [];
  const add = (part: Part) => {
    changes.push(...part.changes ?? []);
    steps.push(...part.steps ?? []);
    notes.push(...part.notes ?? []);
  };
  const taken = new Set(sources.paths);
  const entries = sources.entries.length > 0 ? sources.entries : ["main.ts"];
  if (sources.entries.length === 0) add(firstModules(sources));
  for (const entry of sources.entries) {
    const part = hotEntry(entry, framework, sources, taken);
    for (const { edits } of part.changes ?? []) {
      for (const { path } of edits) taken.add(path);
    }
    add(part);
  }
  add(denoJsonPart(entries, sources));
  add(ignorePart(sources));
  add(imagePart(sources));
  return { framework, entries: sources.entries, changes, steps, notes };
}

/** A part of a plan. */
type Part = Partial<Pick<InitPlan, "changes" | "steps" | "notes">>;

/** A first app, or a boot shell for the hot module that is there. */
function firstModules({ modules, paths }: InitSources): Part {
  if (!paths.has("app.ts")) {
    return {
      changes: [{
        title: "a boot shell, and a first hot module",
        edits: [
          { path: "app.ts", before: null, after: FIRST_APP },
          {
            path: "main.ts",
            before: null,
            after: servingShell("app.ts", "handle", [FIRST_PORT], false),
          },
        ],
      }],
    };
  }
  const masked = maskText(modules.get("app.ts") ?? "");
  const named =
    /(?<![\w$.])export\s+(?:async\s+)?(?:function|const)\s+(handle|handler|fetch)\b/
      .exec(masked)?.[1];
  const handler = named ??
    (/(?<![\w$.])export\s+default\b/.test(masked) ? "default.fetch" : null);
  if (handler === null) {
    return {
      steps: [
        `Export a function handle(request) from app.ts that answers requests, then run flyhot init again.`,
      ],
    };
  }
  return {
    changes: [{
      title: "a boot shell for app.ts",
      edits: [{
        path: "main.ts",
        before: null,
        after: servingShell("app.ts", handler, [FIRST_PORT], false),
      }],
    }],
  };
}

const FIRST_PORT = `port: Number(Deno.env.get("PORT") ?? 8080)`;

/** What to do with one main module. */
function hotEntry(
  entry: string,
  framework: Framework,
  sources: InitSources,
  taken: ReadonlySet<string>,
): Part {
  const source = sources.modules.get(entry);
  if (source === undefined) {
    return {
      steps: [
        `Correct the name of the main module: ${entry} is named, but not there.`,
      ],
    };
  }
  const masked = maskText(source);
  if (/(?<![\w$.])reapply\s*\(/.test(masked)) {
    return /(?<![\w$.])live\s*\(/.test(masked) ? {} : {
      steps: [
        `Import the app in ${entry} through live(() => import("./app.ts")): it calls reapply(), but has no live boundary, so no module can be replaced.`,
      ],
    };
  }
  const target = freeTarget(entry, taken);
  const byHand = (reasons: readonly string[]) => [
    `Move the code of ${entry} to ${target} and export from there what answers requests. This was not done for you: ${
      reasons.join("; ")
    }.`,
    `Make ${entry} the boot shell, which hands requests on to ${target}:\n${
      indented(servingShell(basename(target), "handle", [FIRST_PORT]))
    }`,
  ];
  if (framework === "fresh") return { steps: freshSteps(entry) };
  const importers = importersOf(entry, sources.modules);
  const moved = moveApp({
    source,
    typed: /\.[cm]?tsx?$/.test(entry),
    target: basename(target),
    isOak: framework === "oak",
    denoServe: startsWithServe(entry, sources),
  });
  const unsure = [
    ...("unsure" in moved ? moved.unsure : []),
    ...importers.map((path) => `${path} imports it`),
    ...(framework === "oak" && isNpmOak(source, sources)
      ? ["the Oak of npm answers in the way of Node.js: use jsr:@oak/oak"]
      : []),
  ];
  if ("unsure" in moved || unsure.length > 0) {
    return { steps: byHand(unsure), notes: stateNotes(source, target) };
  }
  return {
    changes: [{
      title: `the code of ${entry} behind a live boundary`,
      edits: [
        { path: target, before: null, after: moved.app, from: entry },
        { path: entry, before: source, after: moved.shell },
      ],
    }],
    notes: stateNotes(source, target),
  };
}

function isNpmOak(
  source: string,
  { denoJson, packages }: InitSources,
): boolean {
  const name = "@oakserver/oak";
  const imports = isRecord(denoJson?.value.imports)
    ? Object.values(denoJson.value.imports)
    : [];
  return packages.has(name) || [
    ...imports,
    ...findSpecifiers(source).map(({ specifier }) => specifier),
  ].some((it) => `${it}`.startsWith(`npm:${name}`));
}

function freshSteps(entry: string): readonly string[] {
  return [
    `Fresh builds the app into _fresh, and what is served is that build: write the boot shell around it by hand, in ${entry} or in a module of its own that the machines start, with live(() => import("./_fresh/server.js")) and Deno.serve(…, (request, info) => app.default.fetch(request, info)).`,
    `Take _fresh into the release: "flyhot": { "include": ["_fresh"] } in deno.json.`,
  ];
}

function stateNotes(source: string, target: string): readonly string[] {
  const code = readCode(source);
  const names = code ? moduleState(code) : [];
  const notes = names.length === 0 ? [] : [
    `${names.join(", ")} in ${target} ${
      names.length === 1 ? "begins" : "begin"
    } anew with every upgrade that reloads the module: what must outlive it goes into a holder()`,
  ];
  if (code && /\.\s*upgradeWebSocket\b/.test(code.masked)) {
    notes.push(
      `the handlers of open sockets keep the code they were made with: accept sockets in the boot shell, with handlers that call the live object`,
    );
  }
  return notes;
}

/** Whether the machines or a task start a module with `deno serve`. */
function startsWithServe(entry: string, sources: InitSources): boolean {
  const tasks = sources.denoJson?.value.tasks;
  const commands = [
    sources.dockerfile ?? "",
    sources.flyToml ?? "",
    ...(isRecord(tasks) ? Object.values(tasks) : []).map((task) =>
      isRecord(task) ? `${task.command}` : `${task}`
    ),
  ];
  return commands.some((text) =>
    text.split("\n").some((line) => {
      const words = line.split(/[\s"',[\]]+/);
      const at = words.indexOf("serve");
      return at !== -1 &&
        words.slice(at).some((word) => word.replace(/^\.\//, "") === entry);
    })
  );
}

function importersOf(
  entry: string,
  modules: ReadonlyMap<string, string>,
): readonly string[] {
  return [...modules].filter(([path, source]) =>
    path !== entry &&
    findSpecifiers(source).some(({ specifier }) =>
      /^\.\.?\//.test(specifier) && join(dirname(path), specifier) === entry
    )
  ).map(([path]) => path);
}

function freeTarget(entry: string, taken: ReadonlySet<string>): string {
  const folder = dirname(entry);
  const extension = /\.[^./]*$/.exec(entry)?.[0] ?? ".ts";
  const path = (name: string) => join(folder, name + extension);
  const names = ["app", "server", "hot", "hot_app"];
  return path(names.find((name) => !taken.has(path(name))) ?? "flyhot_app");
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function denoJsonPart(
  entries: readonly string[],
  { denoJson, paths }: InitSources,
): Part {
  const entry = entries.length === 1 ? entries[0]! : entries;
  const specifier = `jsr:${RUNTIME}@^${VERSION}`;
  const wanted = { imports: { [RUNTIME]: specifier }, flyhot: { entry } };
  if (denoJson === null) {
    return {
      changes: [{
        title: "a deno.json that names the runtime and the main module",
        edits: [{
          path: "deno.json",
          before: null,
          after: `${JSON.stringify(wanted, null, 2)}\n`,
        }],
      }],
    };
  }
  const { path, text, value } = denoJson;
  const steps: string[] = [];
  const notes: string[] = [];
  let after = text;
  const addOrAsk = (object: string | null, key: string, it: unknown) => {
    const added = addMember(after, object, key, it);
    if (added !== null) after = added;
    else {
      steps.push(
        `Add to ${object ? `"${object}" in ` : ""}${path}: "${key}": ${
          JSON.stringify(it)
        }`,
      );
    }
  };
  const hasImport = isRecord(value.imports) &&
    Object.hasOwn(value.imports, RUNTIME);
  if (!hasImport && typeof value.importMap === "string") {
    steps.push(
      `Add to "imports" in ${value.importMap}: "${RUNTIME}": "${specifier}"`,
    );
  } else if (!hasImport) {
    addOrAsk("imports", RUNTIME, specifier);
    if (paths.has("deno.lock")) {
      notes.push("deno.lock learns of the runtime with: deno install");
    }
  }
  if (value.flyhot === undefined) addOrAsk(null, "flyhot", { entry });
  return {
    changes: after === text ? [] : [{
      title: `the runtime and the main module in ${path}`,
      edits: [{ path, before: text, after }],
    }],
    steps,
    notes,
  };
}

function ignorePart(sources: InitSources): Part {
  const files = [
    [".dockerignore", sources.dockerignore, sources.dockerfile !== null],
    [".gitignore", sources.gitignore, sources.isRepository],
  ] as const;
  return {
    changes: files.flatMap(([path, before, isWanted]) => {
      const after = ignoreReleases(before);
      return (before === null && !isWanted) || before === after ? [] : [{
        title: `no releases in ${path}`,
        edits: [{ path, before, after }],
      }];
    }),
  };
}

function imagePart({ dockerfile, flyToml }: InitSources): Part {
  const steps: string[] = [];
  const tag =
    /^\s*FROM\s+(?:--\S+\s+)?(?:\S+\/)?deno(?:land\/deno)?:(?:\w+-)?(\d+)\.(\d+)(\S*)/im
      .exec(dockerfile ?? "");
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_DENO.split(".").map(Number);
  if (tag) {
    const [major, minor] = [Number(tag[1]), Number(tag[2])];
    if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
      steps.push(
        `Use Deno ${OLDEST_DENO} or later in the Dockerfile: it says ${
          tag[1]
        }.${tag[2]}${tag[3]}.`,
      );
    }
  }
  if (flyToml === null) {
    steps.push("Make the app known to Fly: fly launch --no-deploy");
  }
  return { steps };
}

function importedNames(
  denoJson: Readonly<Record<string, unknown>> | undefined,
): readonly string[] {
  const imports = denoJson?.imports;
  return isRecord(imports) && Object.hasOwn(imports, "fresh") ? ["fresh"] : [];
}

function indented(text: string): string {
  return text.trimEnd().split("\n").map((line) =>
    line === "" ? "" : `    ${line}`
  ).join("\n");
}
