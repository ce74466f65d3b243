/** The files that Deno or Fly read at start: a running process cannot pick their changes up.
 * @module
 */
import { settingsText } from "@flyhot/runtime/protocol";
import { isRecord, joinPath } from "../../base/values.ts";
import { parseRecord } from "../../config/files/json_text.ts";
import type { Host } from "../../host.ts";
import { dockerfileIn } from "../../config/files/processes.ts";
import { digestOfText } from "../digest.ts";
import { readStartFiles, type StartFiles } from "./start_files.ts";
import {
  memberFolders,
  membersOf,
} from "../../config/files/workspace_members.ts";
import {
  lockedVersions,
  type PackageFolder,
  PackageTargets,
  startKeys,
  tsconfigText,
} from "@flyhot/runtime/plan";

const ROOT_NAMES = [
  "deno.json",
  "deno.jsonc",
  "deno.lock",
  "package.json",
  "tsconfig.json",
  "fly.toml",
  "Dockerfile",
];

const MEMBER_NAMES = [
  "deno.json",
  "deno.jsonc",
  "package.json",
  "tsconfig.json",
];

/** What the configuration files of an app say. */
export interface ConfigFiles {
  /** `deno.json` or `deno.jsonc`, parsed; empty if there is neither. */
  readonly denoJson: Readonly<Record<string, unknown>>;
  /** The options that Deno translates by: those of `deno.json` over those of `tsconfig.json`. */
  readonly compilerOptions: Readonly<Record<string, unknown>>;
  /** Whether the app lets modules stay that only call what changes. */
  readonly rebinds: boolean;
  /** Whether its machines take signed releases only. */
  readonly signs: boolean;
  /** `package.json`, parsed, or null. */
  readonly packageJson: Readonly<Record<string, unknown>> | null;
  /** The packages that `package.json` names. */
  readonly packages: ReadonlySet<string>;
  /** Where specifiers lead that only a `package.json` explains. */
  readonly targets: PackageTargets;
  /** The text of `fly.toml`, or null. */
  readonly flyToml: string | null;
  /** The text of the Dockerfile, or null. */
  readonly dockerfile: string | null;
  /** The path of the Dockerfile: what `fly.toml` says, else `Dockerfile`. */
  readonly dockerfilePath: string;
  /** What the Dockerfile and `fly.toml` start besides modules. */
  readonly starts: StartFiles;
  /** The versions that `deno.lock` has chosen, by requirement. */
  readonly locked: Readonly<Record<string, string>>;
  /** The text of `deno.lock`; empty if there is none. */
  readonly lockText: string;
  /** Tells whether a path is such a file. */
  readonly isConfig: (path: string) => boolean;
}

/** Reads the configuration files of an app. */
export async function readConfigFiles(
  root: string,
  host: Pick<Host, "files">,
  paths: Iterable<string> = [],
  above: readonly PackageFolder[] = [],
): Promise<ConfigFiles> {
  const read = (name: string) => host.files.readText(joinPath(root, name));
  const readRecord = async (name: string) => {
    const text = await configText(root, name, host);
    return text === null ? null : parseRecord(text, name);
  };
  const denoJson = await readRecord("deno.json") ??
    await readRecord("deno.jsonc") ?? {};
  const packageJson = await readRecord("package.json");
  const names = new Set(ROOT_NAMES);
  if (typeof denoJson.importMap === "string") {
    names.add(denoJson.importMap.replace(/^\.\//, ""));
  }
  const members = memberFolders([
    ...membersOf(denoJson.workspace),
    ...membersOf(packageJson?.workspaces),
  ], paths);
  const folders: PackageFolder[] = packageJson
    ? [{ folder: "", json: packageJson }]
    : [];
  for (const member of members) {
    const json = await readRecord(`${member}/package.json`);
    if (json) folders.push({ folder: `${member}/`, json });
  }
  for (const member of members) {
    for (const name of MEMBER_NAMES) names.add(`${member}/${name}`);
  }
  const packages = new Set<string>();
  for (const key of ["dependencies", "devDependencies"]) {
    const dependencies = packageJson?.[key];
    if (!isRecord(dependencies)) continue;
    for (const name of Object.keys(dependencies)) packages.add(name);
  }
  const lockText = await read("deno.lock") ?? "";
  const flyToml = await read("fly.toml");
  const dockerfilePath = dockerfileIn(flyToml);
  names.add(dockerfilePath);
  const dockerfile = await read(dockerfilePath);
  const tsconfig = await readRecord("tsconfig.json");
  return {
    denoJson,
    compilerOptions: {
      ...tsconfig?.compilerOptions ?? {},
      ...isRecord(denoJson.compilerOptions) ? denoJson.compilerOptions : {},
    },
    rebinds: isRecord(denoJson.flyhot) && denoJson.flyhot.rebind === true,
    signs: isRecord(denoJson.flyhot) &&
      denoJson.flyhot.publicKeys !== undefined,
    packageJson,
    packages,
    targets: new PackageTargets([...folders, ...above]),
    flyToml,
    dockerfile,
    dockerfilePath,
    starts: await readStartFiles(
      { root, flyToml, dockerfile, denoJson, packageJson },
      host,
    ),
    locked: lockedVersions(lockText),
    lockText,
    isConfig: (path) => names.has(path),
  };
}

/**
 * Computes the digests that the manifest keeps of configuration files: of `deno.json` only what Deno reads at start.
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
    const text = /(^|\/)(?:deno\.jsonc?|tsconfig\.json)$/.test(path)
      ? await configText(root, path, host)
      : null;
    config.push([
      path,
      text === null ? sha256 : digestOfText(settingsText(path, text)),
    ]);
  }
  return Object.fromEntries(config);
}

/** Computes the digests of what a running process cannot pick up, key by key. */
export async function configKeyDigests(
  root: string,
  paths: Iterable<string>,
  host: Pick<Host, "files">,
): Promise<Record<string, Record<string, string>>> {
  const found: [path: string, keys: Record<string, string>][] = [];
  for (const path of paths) {
    if (path === "deno.lock") continue;
    const text = await configText(root, path, host);
    if (text === null) continue;
    const keys = Object.entries(startKeys(path, text)).map(([key, value]) =>
      [key, digestOfText(value)] as const
    );
    found.push([path, Object.fromEntries(keys)]);
  }
  return Object.fromEntries(found);
}

/** A `tsconfig.json` counts with all that it extends. */
function configText(
  root: string,
  path: string,
  host: Pick<Host, "files">,
): Promise<string | null> {
  const read = (path: string) => host.files.readText(joinPath(root, path));
  return /(?:^|\/)tsconfig\.json$/.test(path)
    ? tsconfigText(path, read)
    : read(path);
}
