/** What init writes into deno.json: the main module, the import of the runtime where code needs it, names of state.
 * @module
 */
import { isManual } from "../config/files/node_modules.ts";
import { isRecord } from "../base/values.ts";
import { VERSION } from "../version.ts";
import { addItems, setValue } from "./edit/deno_json_edit.ts";
import type { HotWay, InitPart, InitSources } from "./plan_types.ts";

const RUNTIME = "@flyhot/runtime";

/** Plans what to write into deno.json. */
export function denoJsonPart(
  sources: InitSources,
  way: HotWay,
  names: Readonly<Record<"keep" | "startsAnew", readonly string[]>>,
): InitPart {
  const { denoJson, entries } = sources;
  const path = denoJson?.path ?? "deno.json";
  const value = denoJson?.value ?? {};
  const before = denoJson?.text ?? null;
  const steps: string[] = [];
  const notes: string[] = [];
  let after = before ?? "{}\n";
  const said: string[] = [];
  const edit = (
    what: string,
    next: string | null,
    keys: readonly string[],
    it: unknown,
  ): void => {
    said.push(what);
    if (next !== null) after = next;
    else {
      steps.push(
        `Add to ${keys.length > 1 ? `"${keys[0]}" in ` : ""}${path}: "${
          keys.at(-1)
        }": ${JSON.stringify(it)}`,
      );
    }
  };
  const set = (what: string, keys: readonly string[], it: unknown) =>
    edit(what, setValue(after, keys, it), keys, it);
  if (needsImport(sources, way)) {
    const specifier = `jsr:${RUNTIME}@^${VERSION}`;
    if (typeof value.importMap === "string" && !isRecord(value.imports)) {
      steps.push(
        `Add to "imports" in ${value.importMap}: "${RUNTIME}": "${specifier}"`,
      );
    } else {
      set("the runtime", ["imports", RUNTIME], specifier);
      if (sources.lockText !== "") {
        notes.push("deno.lock learns of the runtime with: deno install");
      }
    }
  }
  // Who has written options without it has a main module that is found.
  if (value.flyhot === undefined) {
    const all = entries.length > 0 ? entries : ["main.ts"];
    const entry = all.length === 1 ? all[0]! : all;
    set("the main module", ["flyhot", "entry"], entry);
  }
  const root = rootOf(sources);
  const options = isRecord(value.flyhot) ? value.flyhot : {};
  if (root !== null && options.root === undefined) {
    set("the folder that has all that it imports", ["flyhot", "root"], root);
  }
  for (const list of ["keep", "startsAnew"] as const) {
    if (names[list].length === 0) continue;
    const keys = ["flyhot", list];
    edit(
      list === "keep" ? "what stays" : "what starts new with its module",
      addItems(after, keys, names[list]),
      keys,
      names[list],
    );
  }
  if (way === "preload" && isManual(value, sources.packageJson !== null)) {
    set("nodeModulesDir", ["nodeModulesDir"], "auto");
    const why = value.nodeModulesDir === "manual"
      ? `with "nodeModulesDir": "manual"`
      : `with a package.json and no "nodeModulesDir",`;
    notes.push(
      `${why} Deno loads packages only from node_modules, and the runtime cannot start: "auto" lets Deno fill that folder itself`,
    );
  }
  if (before === after) return { steps, notes };
  return {
    changes: said.length === 0 ? [] : [{
      title: `${listed(said)} in ${path}`,
      edits: [{ path, before, after }],
    }],
    steps,
    notes,
  };
}

/** The way from the app's folder up to that of its release; null where both are the same. */
export function rootOf({ release }: InitSources): string | null {
  if ("unread" in release || release.appFolder === undefined) return null;
  return release.appFolder.split("/").map(() => "..").join("/");
}

/** The preload needs no import; code that names the runtime does. */
function needsImport(sources: InitSources, way: HotWay): boolean {
  const imports = sources.denoJson?.value.imports;
  if (isRecord(imports) && Object.hasOwn(imports, RUNTIME)) return false;
  if (sources.packages.has(RUNTIME)) return false;
  const isNamed = [...sources.modules.keys()].some((path) =>
    sources.imports(path).some((it) =>
      it === RUNTIME || it.startsWith(`${RUNTIME}/`)
    )
  );
  return isNamed || way === "boot shell";
}

function listed(words: readonly string[]): string {
  const last = words.at(-1)!;
  return words.length === 1
    ? last
    : `${words.slice(0, -1).join(", ")} and ${last}`;
}
