/** The files that Deno or Fly read at start: a running process cannot pick their changes up.
 * @module
 */
import { startSettings } from "@flyhot/runtime/protocol";
import { parseJsonc } from "../config/jsonc.ts";
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
  /** The packages that `package.json` names. */
  readonly packages: ReadonlySet<string>;
  /** The text of `fly.toml`, or null. */
  readonly flyToml: string | null;
  /** The text of `Dockerfile`, or null. */
  readonly dockerfile: string | null;
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
  const packages = new Set<string>();
  for (const key of ["dependencies", "devDependencies"]) {
    const dependencies = packageJson?.[key];
    if (!isRecord(dependencies)) continue;
    for (const name of Object.keys(dependencies)) packages.add(name);
  }
  return {
    denoJson,
    packages,
    flyToml: await read("fly.toml"),
    dockerfile: await read("Dockerfile"),
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
    const text = /(^|\/)deno\.jsonc?$/.test(path)
      ? await host.files.readText(joinPath(root, path))
      : null;
    config.push([path, settingsDigest(text) ?? sha256]);
  }
  return Object.fromEntries(config);
}

/** With comments it is not JSON; its whole text then stands for its settings, on machines too. */
function settingsDigest(text: string | null): string | null {
  if (text === null) return null;
  try {
    return digestOfText(startSettings(JSON.parse(text)));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
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
