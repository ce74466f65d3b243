/** What an app reaches beside its folder without importing it, and what is said of what it does not take.
 * @module
 */
import { isSecretLike, type PackageTargets } from "@flyhot/runtime/plan";
import { joinPath } from "../../base/values.ts";
import { recordIn } from "../../config/files/json_text.ts";
import type { Host } from "../../host.ts";
import { readGraphs } from "../graph/graph.ts";
import { isAside } from "./collect.ts";
import { mentioned, type NamedFiles } from "./named_files.ts";
import { leading } from "./release_root.ts";

const NAMES_MAX = 5;

/** The code beside the app's folder that it names: scripts with all that they import, and folders, with a slash at the end. */
export async function codeBeside(
  root: string,
  { code }: NamedFiles,
  packages: PackageTargets,
  host: Host,
  signal?: AbortSignal,
): Promise<string[]> {
  const scripts: string[] = [];
  const folders: string[] = [];
  for (const path of code) {
    if (!path.startsWith("../")) continue;
    const bare = path.replace(/\/$/, "");
    const stat = await host.files.stat(joinPath(root, bare));
    if (stat?.kind === "file") scripts.push(bare);
    else if (stat?.kind === "directory") folders.push(`${bare}/`);
  }
  const graphs = scripts.length === 0
    ? []
    : await readGraphs({ root, entries: scripts, packages }, host, signal);
  return [
    ...new Set([
      ...scripts,
      ...folders,
      ...graphs.flatMap((edges) => [...edges.keys()]),
    ]),
  ];
}

/** The import map that a `deno.json` names; null for none, and for one that is loaded from elsewhere. */
export function importMapIn(text: string): string | null {
  const said = recordIn(text);
  return said && mapOf(said);
}

/** The import map of an app, if it lies beside its folder. */
export function importMapBeside(
  denoJson: Readonly<Record<string, unknown>>,
): string[] {
  const path = mapOf(denoJson);
  return path?.startsWith("../") ? [path] : [];
}

/** Where both are named, Deno does not read the map. */
function mapOf(
  { importMap, imports, scopes }: Readonly<Record<string, unknown>>,
): string | null {
  const isRead = imports === undefined && scopes === undefined &&
    typeof importMap === "string" && !/^[a-z][a-z+.-]*:/i.test(importMap);
  return isRead ? importMap.replace(/^(?:\.\/)+/, "") : null;
}

/** Says of a file that is named and lies above the release's root how it comes in. */
export function outsideNote(path: string): string {
  const up = "../".repeat(leading(path)).slice(0, -1);
  return `${path} is named by a module and not part of the release ("flyhot": { "root": "${up}" } in the app's deno.json takes it in, if the image holds it at the same place)`;
}

const LEVELS_MAX = 6;

/** Says that a lock file above the app's folder does not count, where the app is a member of the workspace that it belongs to. */
export async function lockAboveNotes(
  appRoot: string,
  host: Pick<Host, "files">,
): Promise<string[]> {
  const names = appRoot.split("/");
  const last = Math.max(names.length - LEVELS_MAX, 1);
  for (let length = names.length - 1; length >= last; length--) {
    const folder = names.slice(0, length).join("/");
    const read = (name: string) => host.files.readText(joinPath(folder, name));
    const config = await read("deno.json") ?? await read("deno.jsonc") ??
      await read("package.json");
    if (config === null || !/"workspaces?"\s*:/.test(config)) continue;
    if (await read("deno.lock") === null) return [];
    const up = names.slice(length).map(() => "..").join("/");
    return [
      `${up}/deno.lock of the workspace is not part of the release, so that nobody can tell which packages it chooses ("flyhot": { "root": "${up}" } in the app's deno.json takes it in, if the image holds the workspace too)`,
    ];
  }
  return [];
}

/** Says which files that git ignores are left out, if a module has their name in quotes. */
export function ignoredNotes(
  generated: Iterable<string>,
  taken: ReadonlyMap<string, number>,
  texts: Iterable<string>,
): string[] {
  const names = new Set(
    [...generated].filter((path) =>
      !taken.has(path) && !isAside(path) && !isSecretLike(path)
    ).map((path) => path.split("/")[0]!),
  );
  const found = names.size === 0 ? [] : mentioned(names, texts);
  if (found.length === 0) return [];
  const shown = found.slice(0, NAMES_MAX).join(", ");
  const more = found.length > NAMES_MAX
    ? ` and ${found.length - NAMES_MAX} more`
    : "";
  return [
    `left out, because git ignores it: ${shown}${more} ("include" takes it in)`,
  ];
}
