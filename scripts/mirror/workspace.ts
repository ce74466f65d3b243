/**
 * The packages of this workspace, served from the files as they are now, so
 * that apps outside of the workspace can import a version nobody has published.
 *
 * @module
 */

import { join } from "node:path";
import type { PackageSnapshot, RegistryPackage } from "./package.ts";
import { type BareSpecifiers, unfurl } from "./unfurl.ts";

/** The parts of a `deno.json` that decide what a package is. */
interface PackageConfig {
  /** The package's name, with its scope. */
  readonly name?: string;
  readonly version?: string;
  /** Its entry points. */
  readonly exports?: string | Readonly<Record<string, string>>;
  /** Its import map. */
  readonly imports?: Readonly<Record<string, string>>;
  /** The folders of the other packages of the workspace. */
  readonly workspace?: readonly string[];
}

const MODULE = /\.(?:[cm]?ts|tsx|[cm]?js|jsx)$/;
const SERVED = /\.(?:[cm]?ts|tsx|[cm]?js|jsx|json|md|css|html|svg|txt)$/;
const TEST = /_test\.[a-z]+$/;
/** Folders that no package of ours imports from; some of them are large. */
const LEFT_OUT = new Set(["node_modules", "tests", "scripts", "dist"]);

/** Reads a folder's `deno.json`. */
export async function readConfig(folder: string): Promise<PackageConfig> {
  const path = join(folder, "deno.json");
  try {
    return JSON.parse(await Deno.readTextFile(path)) as PackageConfig;
  } catch (cause) {
    throw new Error(
      `Cannot read ${path}: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    );
  }
}

/** Lists the packages of a workspace. */
export async function workspacePackages(
  root: string,
): Promise<RegistryPackage[]> {
  const { workspace = [] } = await readConfig(root);
  const packages: RegistryPackage[] = [];
  for (const folder of [".", ...workspace]) {
    const { name } = await readConfig(join(root, folder));
    if (name) packages.push({ name, snapshot: () => snapshot(root, folder) });
  }
  return packages;
}

async function snapshot(
  root: string,
  folder: string,
): Promise<PackageSnapshot> {
  const rootConfig = await readConfig(root);
  const config = await readConfig(join(root, folder));
  const { name, version, exports } = config;
  if (!version || !exports) {
    throw new Error(
      `Cannot serve ${name} from the working tree: ${
        join(root, folder, "deno.json")
      } has no ${version ? "exports" : "version"}; add it`,
    );
  }
  const members = rootConfig.workspace ?? [];
  const bare = await bareSpecifiers(root, [rootConfig, config]);
  const inner = folder === "." ? members : [];
  const skipped = new Set(inner.map((member) => join(root, member)));
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for await (const path of walk(join(root, folder), "", skipped)) {
    const bytes = await Deno.readFile(join(root, folder, path));
    files.set(path, MODULE.test(path) ? unfurlBytes(bytes, bare) : bytes);
  }
  const entries = typeof exports === "string" ? { ".": exports } : exports;
  return { version, exports: entries, files };
}

function unfurlBytes(
  bytes: Uint8Array,
  bare: BareSpecifiers,
): Uint8Array<ArrayBuffer> {
  const text = new TextDecoder().decode(bytes);
  return new TextEncoder().encode(unfurl(text, bare));
}

/** What bare names stand for: the import maps, and the workspace's own names. */
async function bareSpecifiers(
  root: string,
  configs: readonly PackageConfig[],
): Promise<BareSpecifiers> {
  const bare = new Map<string, string>();
  for (const folder of [".", ...configs[0]?.workspace ?? []]) {
    const { name, version } = await readConfig(join(root, folder));
    if (name && version) bare.set(name, `jsr:${name}@^${version}`);
  }
  for (const { imports = {} } of configs) {
    for (const [name, target] of Object.entries(imports)) {
      if (/^(?:jsr|npm):/.test(target)) bare.set(name, target);
    }
  }
  return bare;
}

async function* walk(
  folder: string,
  inside: string,
  skipped: ReadonlySet<string>,
): AsyncGenerator<string> {
  for await (const { name, isFile, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (name.startsWith(".") || LEFT_OUT.has(name) || skipped.has(path)) {
      continue;
    }
    if (isDirectory) yield* walk(path, `${inside}${name}/`, skipped);
    else if (isFile && SERVED.test(name) && !TEST.test(name)) {
      yield inside + name;
    }
  }
}
