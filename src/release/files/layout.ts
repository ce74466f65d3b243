/** What a release holds and where: the app's folder, and what it reaches beside and above it.
 * @module
 */
import type { ModuleEdges } from "@flyhot/runtime/protocol";
import type { Host } from "../../host.ts";
import { isRecord, joinPath } from "../../base/values.ts";
import { type Collected, collectFiles, isAside } from "./collect.ts";
import type { ConfigFiles } from "./config_files.ts";
import { linkNotes, modulesBehindLinks } from "./linked_modules.ts";
import { amongNamed, namedFiles } from "./named_files.ts";
import {
  codeBeside,
  ignoredNotes,
  importMapBeside,
  importMapIn,
  lockAboveNotes,
  outsideNote,
} from "./named_beside.ts";
import {
  foldersBeside,
  leading,
  modulesUnderRoot,
  type ReleaseRoot,
  releaseRoot,
  underRoot,
} from "./release_root.ts";

const CONFIG_NAMES = ["deno.json", "deno.jsonc", "deno.lock", "package.json"];

/** A release before anything of it is read. */
interface Layout {
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

/** Lays a release out. */
export async function layOut(
  app: {
    readonly root: string;
    readonly collected: Collected;
    readonly config: ConfigFiles;
    readonly modules: Readonly<Record<string, ModuleEdges>>;
    /** The texts of its modules, as far as they are known. */
    readonly texts: ReadonlyMap<string, string>;
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
  const named = namedFiles(app.texts);
  const besides = await codeBeside(
    app.root,
    named,
    config.targets,
    host,
    signal,
  );
  const importMap = importMapBeside(config.denoJson);
  const place = releaseRoot(
    appRoot,
    [...Object.keys(app.modules), ...besides, ...importMap],
    said,
  );
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
    const data = [...named.data].filter((it) => isUnder(it, place));
    const outside = [...besides, ...data, ...importMap].map((path) =>
      underRoot(path, place)
    );
    const beside = await takeBeside(
      { root, place, paths: [...Object.keys(modules), ...outside], files },
      host,
    );
    for (const path of importMap) extraConfig.add(underRoot(path, place));
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
        const map = /^deno\.jsonc?$/.test(name) ? importMapIn(text) : null;
        const above = map === null ? null : joinPath(folder, map);
        const size = above && await sizeOf(joinPath(root, above), host);
        if (above && size !== null) {
          extraConfig.add(above);
          files.set(above, size as number);
        }
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
  if (place.above === 0 && lockText === "" && usesPackages(modules)) {
    notes.push(...await lockAboveNotes(appRoot, host));
  }
  // What a module imports belongs to the app, whatever it is called.
  for (const [path, size] of [...aside, ...generated]) {
    if (Object.hasOwn(modules, path)) files.set(path, size);
  }
  const all = [...named.code, ...named.data].map((it) => underRoot(it, place));
  for (const path of amongNamed(generated.keys(), all)) {
    if (!isAside(path)) files.set(path, generated.get(path)!);
  }
  notes.push(...ignoredNotes(generated.keys(), files, app.texts.values()));
  for (const path of named.data) {
    if (isUnder(path, place)) continue;
    if (await sizeOf(joinPath(app.root, path), host) === null) continue;
    notes.push(outsideNote(path));
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
  { root, place, paths, files }: {
    readonly root: string;
    readonly place: ReleaseRoot;
    readonly paths: readonly string[];
    readonly files: Map<string, number>;
  },
  host: Host,
): Promise<string[]> {
  const outside = paths.filter((path) => !path.startsWith(place.appFolder));
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
    const size = await sizeOf(joinPath(root, path), host);
    if (size !== null) files.set(path, size);
  }
  return whole;
}

/** Whether a lock file would choose something. */
function usesPackages(
  modules: Readonly<Record<string, ModuleEdges>>,
): boolean {
  return Object.values(modules).some(({ external }) =>
    external.some((it) => /^(?:npm|jsr):/.test(it))
  );
}

/** The length of a file; null for what is not one. */
async function sizeOf(path: string, host: Host): Promise<number | null> {
  const stat = await host.files.stat(path);
  return stat?.kind === "file" ? stat.size : null;
}

/** Whether a path from the app's folder is under the release's root. */
function isUnder(path: string, { above }: ReleaseRoot): boolean {
  return leading(path) <= above;
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
