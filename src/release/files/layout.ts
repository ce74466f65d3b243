/** What a release holds and where: the app's folder, and what it reaches beside and above it.
 * @module
 */
import type { ModuleEdges } from "@flyhot/runtime/protocol";
import type { Host } from "../../host.ts";
import { isRecord, joinPath } from "../../base/values.ts";
import { type Collected, collectFiles } from "./collect.ts";
import type { ConfigFiles } from "./config_files.ts";
import { linkNotes, modulesBehindLinks } from "./linked_modules.ts";
import {
  foldersBeside,
  modulesUnderRoot,
  type ReleaseRoot,
  releaseRoot,
} from "./release_root.ts";

const CONFIG_NAMES = ["deno.json", "deno.jsonc", "deno.lock", "package.json"];

/** A release before anything of it is read. */
export interface Layout {
  /** The folder it is packed from. */
  readonly root: string;
  /** The path of the app's folder under it, with a slash at the end; empty where both are the same. */
  readonly appFolder: string;
  /** Edges from the app's folder as those from the root. */
  readonly underRoot: (
    modules: Readonly<Record<string, ModuleEdges>>,
  ) => Record<string, ModuleEdges>;
  /** Length in bytes by path, in path order. */
  readonly sizes: ReadonlyMap<string, number>;
  /** The edges of its modules. */
  readonly modules: Readonly<Record<string, ModuleEdges>>;
  /** What was set aside and stays so. */
  readonly aside: readonly string[];
  /** What else was left out. */
  readonly notes: readonly string[];
  /** The text of the lock file that counts. */
  readonly lockText: string;
  /** Tells whether a path is that of a file that Deno or Fly read at start. */
  readonly isConfig: (path: string) => boolean;
}

/** Lays a release out. Returns the layout; nothing but the app's folder where it reaches nothing else. */
export async function layOut(
  app: {
    readonly root: string;
    readonly collected: Collected;
    readonly config: ConfigFiles;
    readonly modules: Readonly<Record<string, ModuleEdges>>;
    readonly gitIgnored?: boolean;
  },
  host: Host,
  signal?: AbortSignal,
): Promise<Layout> {
  const { collected, config } = app;
  const appRoot = absolute(app.root, host);
  const { flyhot } = config.denoJson;
  const said = isRecord(flyhot) && typeof flyhot.root === "string"
    ? flyhot.root
    : "";
  const place = releaseRoot(appRoot, Object.keys(app.modules), said);
  const modules = modulesUnderRoot(app.modules, place);
  const files = new Map<string, number>();
  const aside = new Map<string, number>();
  const generated = new Map<string, number>();
  const links = new Set<string>();
  const notes = [...collected.notes];
  const take = (found: Collected, prefix: string) => {
    for (const [path, size] of found.files) files.set(prefix + path, size);
    for (const [path, size] of found.aside) aside.set(prefix + path, size);
    for (const path of found.links) links.add(prefix + path);
    for (const [path, size] of found.generated) {
      generated.set(prefix + path, size);
    }
  };
  take(collected, place.appFolder);
  const root = place.above === 0 ? app.root : above(appRoot, place);
  let lockText = config.lockText;
  const extraConfig = new Set<string>();
  if (place.above > 0) {
    const beside = await takeBeside({ root, place, modules, files }, host);
    for (const folder of beside) {
      const found = await collectFiles(
        {
          root: joinPath(root, folder),
          ...app.gitIgnored === undefined ? {} : { gitIgnored: app.gitIgnored },
        },
        host,
        signal,
      );
      take(found, folder);
      notes.push(...found.notes);
      for (const name of CONFIG_NAMES) extraConfig.add(folder + name);
    }
    for (const folder of foldersAbove(place)) {
      for (const name of CONFIG_NAMES) {
        const text = await host.files.readText(joinPath(root, folder + name));
        if (text === null) continue;
        extraConfig.add(folder + name);
        files.set(folder + name, new TextEncoder().encode(text).length);
        if (name === "deno.lock" && lockText === "") lockText = text;
      }
    }
    const up = "../".repeat(place.above).slice(0, -1);
    if (said.replace(/\/$/, "") !== up) {
      notes.push(
        `the app reaches files outside of its folder: packed from ${root}, as ${
          place.appFolder.slice(0, -1)
        } (machines need "flyhot": { "root": "${up}" } in the app's deno.json, and the same folders in the image)`,
      );
    }
  }
  // What a module imports belongs to the app, whatever it is called.
  for (const [path, size] of [...aside, ...generated]) {
    if (Object.hasOwn(modules, path)) files.set(path, size);
  }
  const linked = await modulesBehindLinks(
    Object.keys(modules).filter((path) => !files.has(path)),
    links,
    async (path) => {
      const stat = await host.files.stat(joinPath(root, path));
      return stat?.kind === "file" ? stat.size : null;
    },
  );
  for (const [path, size] of linked.sizes) files.set(path, size);
  return {
    root,
    appFolder: place.appFolder,
    underRoot: (modules) => modulesUnderRoot(modules, place),
    sizes: new Map([...files].sort(([a], [b]) => a < b ? -1 : 1)),
    modules,
    aside: [...aside.keys()].filter((path) => !files.has(path)),
    notes: [...notes, ...linkNotes(links, linked)],
    lockText,
    isConfig: (path) =>
      extraConfig.has(path) ||
      path.startsWith(place.appFolder) &&
        config.isConfig(path.slice(place.appFolder.length)),
  };
}

/** The folders to take whole; modules whose folder would hold the app itself are taken alone. */
async function takeBeside(
  { root, place, modules, files }: {
    readonly root: string;
    readonly place: ReleaseRoot;
    readonly modules: Readonly<Record<string, ModuleEdges>>;
    readonly files: Map<string, number>;
  },
  host: Host,
): Promise<string[]> {
  const outside = Object.keys(modules).filter((path) =>
    !path.startsWith(place.appFolder)
  );
  const folders = await foldersBeside(outside, async (folder) => {
    for (const name of ["deno.json", "deno.jsonc", "package.json"]) {
      const text = await host.files.readText(joinPath(root, folder + name));
      if (text !== null) return true;
    }
    return false;
  });
  const whole = [...folders].filter((it) => !place.appFolder.startsWith(it));
  for (const path of outside) {
    if (whole.some((folder) => path.startsWith(folder))) continue;
    const text = await host.files.readText(joinPath(root, path));
    if (text !== null) files.set(path, new TextEncoder().encode(text).length);
  }
  return whole;
}

/** The root and all folders between it and the app's. */
function foldersAbove({ appFolder }: ReleaseRoot): string[] {
  const names = appFolder.split("/").slice(0, -1);
  return names.map((_, length) =>
    names.slice(0, length).map((name) => `${name}/`).join("")
  );
}

function above(appRoot: string, { above }: ReleaseRoot): string {
  const names = appRoot.split("/");
  return names.slice(0, names.length - above).join("/") || "/";
}

function absolute(folder: string, host: Host): string {
  const path = folder === "" || folder === "." ? host.cwd() : folder;
  return (path.startsWith("/") || /^[A-Za-z]:/.test(path)
    ? path
    : joinPath(host.cwd(), path)).replace(/\/+$/, "");
}
