/** What puts a boot shell in the place of the main module, and the app behind a live boundary.
 * @module
 */
import { basename, dirname, join } from "node:path/posix";
import { many, nameOf, one } from "@flyhot/runtime/plan";
import { isRecord } from "../base/values.ts";
import { FIRST_APP, servingShell } from "./boot_shell.ts";
import type { Framework } from "./framework.ts";
import type { InitPart, InitSources } from "./plan_types.ts";
import { moveApp } from "./move_app.ts";
import { calleeOf, nodesIn, type SyntaxTree } from "./syntax_tree.ts";

const FIRST_PORT = `port: Number(Deno.env.get("PORT") ?? 8080)`;

/** Plans a boot shell for each main module. */
export function bootShellPart(
  sources: InitSources,
  framework: Framework,
): InitPart {
  if (sources.entries.length === 0) return firstModules(sources);
  const taken = new Set(sources.paths);
  const parts = sources.entries.map((entry) => {
    const part = hotEntry(entry, framework, sources, taken);
    for (const { edits } of part.changes ?? []) {
      for (const { path } of edits) taken.add(path);
    }
    return part;
  });
  return {
    changes: parts.flatMap(({ changes = [] }) => changes),
    steps: parts.flatMap(({ steps = [] }) => steps),
    notes: parts.flatMap(({ notes = [] }) => notes),
  };
}

/** A first app, or a boot shell for the hot module that is there. */
function firstModules({ tree, paths }: InitSources): InitPart {
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
  const app = tree("app.ts");
  const handler = app && handlerOf(app);
  if (!handler) {
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

/** What a module exports that can answer requests. */
function handlerOf({ program }: SyntaxTree): string | null {
  let byDefault = false;
  for (const statement of many(program, "body")) {
    if (statement.type === "ExportDefaultDeclaration") byDefault = true;
    if (statement.type !== "ExportNamedDeclaration") continue;
    const declared = one(statement, "declaration");
    const ids = declared?.type === "VariableDeclaration"
      ? many(declared, "declarations").map((it) => one(it, "id"))
      : [one(declared, "id")];
    const name = ids.map(nameOf).find((it) =>
      /^(?:handle|handler|fetch)$/.test(it)
    );
    if (name) return name;
  }
  return byDefault ? "default.fetch" : null;
}

/** What to do with one main module. */
function hotEntry(
  entry: string,
  framework: Framework,
  sources: InitSources,
  taken: ReadonlySet<string>,
): InitPart {
  const source = sources.modules.get(entry);
  if (source === undefined) {
    return {
      steps: [
        `Correct the name of the main module: ${entry} is named, but not there.`,
      ],
    };
  }
  const calls = new Set(
    [...nodesIn(sources.tree(entry)?.program ?? { type: "", start: 0, end: 0 })]
      .filter(({ type }) => type === "CallExpression").map(calleeOf),
  );
  if (calls.has("reapply")) {
    return calls.has("live") ? {} : {
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
  const moved = moveApp({
    path: entry,
    source,
    target: basename(target),
    isOak: framework === "oak",
    denoServe: startsWithServe(entry, sources),
  });
  const unsure = [
    ...("unsure" in moved ? moved.unsure : []),
    ...importersOf(entry, sources).map((path) => `${path} imports it`),
    ...(framework === "oak" && isNpmOak(entry, sources)
      ? ["the Oak of npm answers in the way of Node.js: use jsr:@oak/oak"]
      : []),
  ];
  const notes = [...calls].some((it) => it === "Deno.upgradeWebSocket")
    ? [
      `the handlers of open sockets keep the code they were made with: accept sockets in the boot shell, with handlers that call the live object`,
    ]
    : [];
  if ("unsure" in moved || unsure.length > 0) {
    return { steps: byHand(unsure), notes };
  }
  return {
    changes: [{
      title: `the code of ${entry} behind a live boundary`,
      edits: [
        { path: target, before: null, after: moved.app, from: entry },
        { path: entry, before: source, after: moved.shell },
      ],
    }],
    notes,
  };
}

function isNpmOak(
  entry: string,
  { denoJson, packages, imports }: InitSources,
): boolean {
  const name = "@oakserver/oak";
  const mapped = isRecord(denoJson?.value.imports)
    ? Object.values(denoJson.value.imports)
    : [];
  return packages.has(name) ||
    [...mapped, ...imports(entry)].some((it) =>
      `${it}`.startsWith(`npm:${name}`)
    );
}

function freshSteps(entry: string): readonly string[] {
  return [
    `Fresh builds the app into _fresh, and what is served is that build: write the boot shell around it by hand, in ${entry} or in a module of its own that the machines start, with live(() => import("./_fresh/server.js")) and Deno.serve(…, (request, info) => app.default.fetch(request, info)).`,
    `Take _fresh into the release: "flyhot": { "include": ["_fresh"] } in deno.json.`,
  ];
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
  { modules, imports }: InitSources,
): readonly string[] {
  return [...modules.keys()].filter((path) =>
    path !== entry &&
    imports(path).some((specifier) =>
      /^\.\.?\//.test(specifier) && join(dirname(path), specifier) === entry
    )
  );
}

function freeTarget(entry: string, taken: ReadonlySet<string>): string {
  const folder = dirname(entry);
  const extension = /\.[^./]*$/.exec(entry)?.[0] ?? ".ts";
  const path = (name: string) => join(folder, name + extension);
  const names = ["app", "server", "hot", "hot_app"];
  return path(names.find((name) => !taken.has(path(name))) ?? "flyhot_app");
}

function indented(text: string): string {
  return text.trimEnd().split("\n").map((line) =>
    line === "" ? "" : `    ${line}`
  ).join("\n");
}
