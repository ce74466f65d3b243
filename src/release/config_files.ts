/** The files that Deno or Fly read at start: a running process cannot pick their changes up.
 * @module
 */
import { parseJsonc, settingsText } from "@flyhot/runtime/protocol";
import { lockedVersions, startKeys } from "@flyhot/runtime/plan";
import { isRecord, joinPath } from "../values.ts";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import { digestOfText } from "./digest.ts";

const ROOT_NAMES = [
  "deno.json",
  "deno.jsonc",
  "deno.lock",
  "package.json",
  "fly.toml",
  "Dockerfile",
];

/** What the configuration files of an app say. */
export interface ConfigFiles {
  /** `deno.json` or `deno.jsonc`, parsed; empty if there is neither. */
  readonly denoJson: Readonly<Record<string, unknown>>;
  /** `package.json`, parsed, or null. */
  readonly packageJson: Readonly<Record<string, unknown>> | null;
  /** What `package.json` wants of each package that it names: a range, or a specifier. */
  readonly packages: ReadonlyMap<string, string>;
  /** The text of `fly.toml`, or null. */
  readonly flyToml: string | null;
  /** The text of `Dockerfile`, or null. */
  readonly dockerfile: string | null;
  /** The versions that `deno.lock` has chosen, by requirement. */
  readonly locked: Readonly<Record<string, string>>;
  /** The text of `deno.lock`; empty if there is none. */
  readonly lockText: string;
  /** Tells whether a path is such a file. */
  readonly isConfig: (path: string) => boolean;
}

/**
 * Reads the configuration files of an app.
 *
 * @param root the app's folder
 * @param host the disk
 * @returns what they say
 * @throws {FlyhotError} `usage` if one is no JSON
 */
export async function readConfigFiles(
  root: string,
  host: Pick<Host, "files">,
): Promise<ConfigFiles> {
  const read = (name: string) => host.files.readText(joinPath(root, name));
  const denoJson = parseRecord(await read("deno.json"), "deno.json") ??
    parseRecord(await read("deno.jsonc"), "deno.jsonc") ?? {};
  const packageJson = parseRecord(await read("package.json"), "package.json");
  const names = new Set(ROOT_NAMES);
  if (typeof denoJson.importMap === "string") {
    names.add(denoJson.importMap.replace(/^\.\//, ""));
  }
  for (const member of membersOf(denoJson.workspace)) {
    for (const name of ["deno.json", "deno.jsonc", "package.json"]) {
      names.add(`${member}/${name}`);
    }
  }
  const packages = new Map<string, string>();
  // Deno looks into them in this order, last one first.
  for (
    const key of ["optionalDependencies", "devDependencies", "dependencies"]
  ) {
    const dependencies = packageJson?.[key];
    if (!isRecord(dependencies)) continue;
    for (const [name, range] of Object.entries(dependencies)) {
      if (typeof range === "string") packages.set(name, range);
    }
  }
  const lockText = await read("deno.lock") ?? "";
  return {
    denoJson,
    packageJson,
    packages,
    flyToml: await read("fly.toml"),
    dockerfile: await read("Dockerfile"),
    locked: lockedVersions(lockText),
    lockText,
    isConfig: (path) => names.has(path),
  };
}

/**
 * Computes the digests that the manifest keeps of configuration files: of `deno.json` only what Deno reads at start.
 *
 * @param root the app's folder
 * @param digests SHA-256 of every configuration file by path
 * @param host the disk
 * @returns digests by path
 */
export async function configDigests(
  root: string,
  digests: ReadonlyMap<string, string>,
  host: Pick<Host, "files">,
): Promise<Record<string, string>> {
  const config: [path: string, sha256: string][] = [];
  for (const [path, sha256] of digests) {
    // Compared by what it locks; a running process adds to its own.
    if (path === "deno.lock") continue;
    const text = /(^|\/)deno\.jsonc?$/.test(path)
      ? await host.files.readText(joinPath(root, path))
      : null;
    config.push([
      path,
      text === null ? sha256 : digestOfText(settingsText(path, text)),
    ]);
  }
  return Object.fromEntries(config);
}

/**
 * Computes the digests of what a running process cannot pick up, key by key.
 *
 * @param root the app's folder
 * @param paths the configuration files
 * @param host the disk
 * @returns digests by path and key
 */
export async function configKeyDigests(
  root: string,
  paths: Iterable<string>,
  host: Pick<Host, "files">,
): Promise<Record<string, Record<string, string>>> {
  const found: [path: string, keys: Record<string, string>][] = [];
  for (const path of paths) {
    if (path === "deno.lock") continue;
    const text = await host.files.readText(joinPath(root, path));
    if (text === null) continue;
    const keys = Object.entries(startKeys(path, text)).map(([key, value]) =>
      [key, digestOfText(value)] as const
    );
    found.push([path, Object.fromEntries(keys)]);
  }
  return Object.fromEntries(found);
}

function membersOf(workspace: unknown): string[] {
  const members = isRecord(workspace) ? workspace.members : workspace;
  if (!Array.isArray(members)) return [];
  return members.filter((member) => typeof member === "string").map((member) =>
    member.replace(/^\.\//, "").replace(/\/$/, "")
  );
}

function parseRecord(
  text: string | null,
  name: string,
): Record<string, unknown> | null {
  if (text === null) return null;
  let value: unknown;
  try {
    value = parseJsonc(text);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new FlyhotError("usage", `Cannot read ${name}: ${said}`, { cause });
  }
  if (isRecord(value)) return value;
  throw new FlyhotError("usage", `Cannot read ${name}: expected an object`);
}
