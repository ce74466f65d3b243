/** The folder that a release is packed from: the one that holds all that the app reaches.
 * @module
 */
import type { ModuleEdges } from "@flyhot/runtime/protocol";

/** A release's root, seen from the app's folder. */
export interface ReleaseRoot {
  /** How many folders it lies above the app's. */
  readonly above: number;
  /** The path of the app's folder under it, with a slash at the end; empty where both are the same. */
  readonly appFolder: string;
}

/** Finds the root. */
export function releaseRoot(
  appRoot: string,
  paths: Iterable<string>,
  said = "",
): ReleaseRoot {
  let above = said.match(/\.\./g)?.length ?? 0;
  for (const path of paths) above = Math.max(above, leading(path));
  const names = appRoot.split("/").filter((name) => name !== "");
  const appFolder = names.slice(names.length - above).map((name) => `${name}/`)
    .join("");
  return { above, appFolder: above === 0 ? "" : appFolder };
}

/** A path from the app's folder as one from the root. */
export function underRoot(path: string, { appFolder }: ReleaseRoot): string {
  if (appFolder === "") return path;
  const up = leading(path);
  const folders = appFolder.split("/").slice(0, -1);
  return [
    ...folders.slice(0, folders.length - up),
    path.slice(3 * up),
  ].join("/");
}

/** Edges from the app's folder as those from the root. */
export function modulesUnderRoot(
  modules: Readonly<Record<string, ModuleEdges>>,
  root: ReleaseRoot,
): Record<string, ModuleEdges> {
  if (root.above === 0) return { ...modules };
  const moved = (paths: readonly string[]) =>
    paths.map((path) => underRoot(path, root)).sort();
  const target = (it: string) =>
    /^[a-z][a-z+.-]*:/i.test(it) ? it : underRoot(it, root);
  return Object.fromEntries(
    Object.entries(modules).map(([path, edges]): [string, ModuleEdges] => [
      underRoot(path, root),
      {
        ...edges,
        static: moved(edges.static),
        dynamic: moved(edges.dynamic),
        specifiers: Object.fromEntries(
          Object.entries(edges.specifiers ?? {}).map((
            [specifier, to],
          ) => [specifier, target(to)]),
        ),
      },
    ]).sort(([a], [b]) => a < b ? -1 : 1),
  );
}

/**
 * The folders outside the app's that come with what it reaches: each that has a configuration of its own, else the one
 * right under the root.
 */
export async function foldersBeside(
  outside: Iterable<string>,
  hasConfig: (folder: string) => Promise<boolean>,
): Promise<Set<string>> {
  const known = new Map<string, boolean>();
  const found = new Set<string>();
  for (const path of outside) {
    if ([...found].some((folder) => path.startsWith(folder))) continue;
    const names = path.split("/").slice(0, -1);
    let folder = "";
    for (let length = names.length; length > 0; length--) {
      folder = `${names.slice(0, length).join("/")}/`;
      let has = known.get(folder);
      if (has === undefined) known.set(folder, has = await hasConfig(folder));
      if (has) break;
    }
    if (folder !== "") found.add(folder);
  }
  return found;
}

/** How many folders above the app's a path begins. */
export function leading(path: string): number {
  return /^(?:\.\.\/)*/.exec(path)![0].length / 3;
}
