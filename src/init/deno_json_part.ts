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
  const edit = (
    next: string | null,
    keys: readonly string[],
    it: unknown,
  ): void => {
    if (next !== null) after = next;
    else {
      steps.push(
        `Add to ${keys.length > 1 ? `"${keys[0]}" in ` : ""}${path}: "${
          keys.at(-1)
        }": ${JSON.stringify(it)}`,
      );
    }
  };
  const said: string[] = [];
  if (needsImport(sources, way)) {
    const specifier = `jsr:${RUNTIME}@^${VERSION}`;
    if (typeof value.importMap === "string" && !isRecord(value.imports)) {
      steps.push(
        `Add to "imports" in ${value.importMap}: "${RUNTIME}": "${specifier}"`,
      );
    } else {
      const keys = ["imports", RUNTIME];
      edit(setValue(after, keys, specifier), keys, specifier);
      said.push("the runtime");
      if (sources.lockText !== "") {
        notes.push("deno.lock learns of the runtime with: deno install");
      }
    }
  }
  // Who has written options without it has a main module that is found.
  if (value.flyhot === undefined) {
    const all = entries.length > 0 ? entries : ["main.ts"];
    const entry = all.length === 1 ? all[0]! : all;
    const keys = ["flyhot", "entry"];
    edit(setValue(after, keys, entry), keys, entry);
    said.push("the main module");
  }
  const root = rootOf(sources);
  const options = isRecord(value.flyhot) ? value.flyhot : {};
  if (root !== null && options.root === undefined) {
    const keys = ["flyhot", "root"];
    edit(setValue(after, keys, root), keys, root);
    said.push("the folder that has all that it imports");
  }
  for (const list of ["keep", "startsAnew"] as const) {
    if (names[list].length === 0) continue;
    const keys = ["flyhot", list];
    edit(addItems(after, keys, names[list]), keys, names[list]);
    said.push(
      list === "keep" ? "what stays" : "what starts new with its module",
    );
  }
  if (way === "preload" && isManual(value, sources.packageJson !== null)) {
    const keys = ["nodeModulesDir"];
    edit(setValue(after, keys, "auto"), keys, "auto");
    said.push("nodeModulesDir");
    notes.push(
      value.nodeModulesDir === "manual"
        ? `with "nodeModulesDir": "manual" Deno loads packages only from node_modules, and the runtime cannot start: "auto" lets Deno fill that folder itself`
        : `with a package.json and no "nodeModulesDir", Deno loads packages only from node_modules, and the runtime cannot start: "auto" lets Deno fill that folder itself`,
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
