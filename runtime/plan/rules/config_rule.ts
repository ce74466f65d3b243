/** What of configuration files a running process cannot pick up.
 * @module
 */
import type {
  Manifest,
  RunningManifest,
} from "../../protocol/manifest/manifest.ts";
import {
  isImageFile,
  isTsconfigPath,
  PACKAGE_RESOLUTION_KEYS,
  RESOLUTION_KEYS,
} from "../settings/config_keys.ts";
import type { Refusal } from "../../base/refusal.ts";
import { own } from "../../base/own.ts";

/** Refuses changes of what is read at start, except where they only lead specifiers elsewhere: those are followed. */
export function configRefusals(
  manifest: Manifest,
  running: RunningManifest,
  followsPackages = false,
  loads: ReadonlySet<string> = new Set(),
): Refusal[] {
  let usesJsx: boolean | null = null;
  return changedConfig(manifest, running).flatMap((path) => {
    if (isImageFile(path)) return [];
    const keys = changedKeys(manifest, running, path, followsPackages)
      // Pages that only a browser loads are translated by a bundler.
      ?.filter((key) =>
        key !== "jsx" || (usesJsx ??= [...loads].some(isJsxPath))
      ) ?? null;
    if (keys?.length === 0) return [];
    return [configRefusal(path, keys, isRemoved(path, manifest))];
  });
}

/** Files of the image that differ and that no process reads: they hold nothing back, but somebody may wait for them. */
export function changedImageFiles(
  manifest: Manifest,
  running: RunningManifest,
): string[] {
  // Those of other environments and process groups are files like any other to whoever packs.
  const others = Object.keys(manifest.files).filter((path) => {
    const before = own(running.files, path);
    const { kind, sha256 } = manifest.files[path]!;
    return before !== sha256 && before !== undefined && kind !== "config" &&
      isImageFile(path);
  });
  return [
    ...new Set([
      ...changedConfig(manifest, running).filter(isImageFile),
      ...others,
    ]),
  ];
}

function changedConfig(manifest: Manifest, running: RunningManifest): string[] {
  const changed = Object.entries(manifest.config).filter(([path, digest]) => {
    const before = own(running.config, path);
    // What the image does not carry cannot be compared; without these two, Deno goes by its defaults.
    return before === undefined
      ? isTsconfigPath(path) || isOwnConfig(path, manifest)
      : before !== digest;
  }).map(([path]) => path);
  return [
    ...changed,
    // A machine that does not tell keys apart cannot say what it would do without.
    ...Object.keys(running.configKeys ?? {}).filter((it) =>
      isRemoved(it, manifest)
    ),
  ];
}

/** Whether a version is without a file that the app's process has read: without it, Deno goes by its defaults. */
function isRemoved(path: string, manifest: Manifest): boolean {
  const { appFolder, config } = manifest;
  const folder = appFolder === undefined ? "" : `${appFolder}/`;
  if (own(config, path) !== undefined || !path.startsWith(folder)) return false;
  return isOwnConfig(path, manifest)
    // By the other name it is the same file.
    ? own(config, otherName(path)) === undefined
    : /^(?:package|tsconfig)\.json$/.test(path.slice(folder.length));
}

/** Whether a file is the `deno.json` that the app's process reads. */
function isOwnConfig(path: string, { appFolder }: Manifest): boolean {
  const folder = appFolder === undefined ? "" : `${appFolder}/`;
  return path.startsWith(folder) &&
    /^deno\.jsonc?$/.test(path.slice(folder.length));
}

/** `deno.jsonc` of `deno.json`, and the other way round. */
function otherName(path: string): string {
  return path.endsWith("c") ? path.slice(0, -1) : `${path}c`;
}

/** The keys that differ and that nobody follows; null where only the whole can be compared. */
function changedKeys(
  manifest: Manifest,
  running: RunningManifest,
  path: string,
  followsPackages: boolean,
): string[] | null {
  const isGone = isRemoved(path, manifest);
  const after = isGone ? {} : own(manifest.configKeys, path);
  const isTsconfig = isTsconfigPath(path);
  const isOwn = isOwnConfig(path, manifest);
  const isNew = own(running.config, path) === undefined;
  const before = own(running.configKeys, path) ??
    (isOwn ? own(running.configKeys, otherName(path)) : undefined) ??
    (isTsconfig || isOwn && isNew && running.configKeys ? {} : undefined);
  // A machine that does not tell keys apart cannot say what it does without.
  if (isOwn && isNew && !before) return [];
  if (!after || !before) return null;
  const canFollow = running.specifiers !== undefined;
  const isPackageJson = /(?:^|\/)package\.json$/.test(path);
  const isImportMap = !isPackageJson && !isTsconfig &&
    !/(?:^|\/)deno\.jsonc?$/.test(path);
  const followed = (key: string) =>
    isPackageJson
      ? followsPackages && PACKAGE_RESOLUTION_KEYS.has(key)
      : isImportMap || RESOLUTION_KEYS.has(key);
  return [...new Set([...Object.keys(after), ...Object.keys(before)])]
    .filter((key) => {
      const unsaid = unsaidOf(key, manifest, running);
      return (own(before, key) ?? unsaid) !== (own(after, key) ?? unsaid);
    })
    .filter((key) => !(canFollow && followed(key)));
}

function configRefusal(
  path: string,
  keys: string[] | null,
  isGone: boolean,
): Refusal {
  const at = { path, line: 0, column: 0, subject: "", remedy: "" };
  const isMember = path.includes("/") && /deno\.jsonc?$/.test(path);
  if (
    isTsconfigPath(path) ||
    isMember && keys?.some((key) => OPTIONS.has(key)) === true
  ) {
    return {
      ...at,
      rule: "compiler",
      why:
        "changes compilerOptions, by which Deno translates only when it starts",
    };
  }
  return { ...at, rule: "config", why: configReason(path, keys, isGone) };
}

function configReason(
  path: string,
  keys: string[] | null,
  isGone: boolean,
): string {
  if (path === "package.json" && keys?.every(isOfPackages) !== false) {
    return "decides which packages the image holds";
  }
  return keys === null || keys.includes("*")
    ? "has changed in what Deno reads only when it starts (imports, compilerOptions, unstable ...)"
    : `${isGone ? "is removed, and with it" : "has another"} ${
      [...new Set(keys.map((key) => OPTIONS.has(key) ? OPTIONS_KEY : key))]
        .sort().map((key) => `"${key}"`).join(", ")
    }, which Deno reads only when it starts`;
}

const OPTIONS_KEY = "compilerOptions";
/** The keys that options are told by. */
const OPTIONS: ReadonlySet<string> = new Set([OPTIONS_KEY, "jsx"]);

function isOfPackages(key: string): boolean {
  return PACKAGE_RESOLUTION_KEYS.has(key);
}

/** The digest of `"module"`: what Deno takes a `package.json` to say that says nothing of it. */
const MODULES =
  "51b03279c071bc2e55a377745fdd442c9eedc700152b19366572fa8f76d76017";

/** Those of `"none"` and `"manual"`: where packages lie if nothing is said, without a `package.json` and with one. */
const NO_FOLDER =
  "30a0924a3360be687d1df9fcbbfdff62c01bc0fd14036ab9076cf7f451568666";
const OWN_FOLDER =
  "73d805be762751aa4785797620b276477490af34ab027cbfcb75c1004dc63ded";

/** What a key stands for where nothing is said of it; undefined where that is nothing, or not known. */
function unsaidOf(
  key: string,
  manifest: Manifest,
  running: RunningManifest,
): string | undefined {
  if (key === "type") return MODULES;
  if (key !== "nodeModulesDir") return undefined;
  const [after, before] = [manifest, running].map(({ config }) =>
    Object.keys(config).filter((it) => /(?:^|\/)package\.json$/.test(it))
  ) as [string[], string[]];
  if (after.length + before.length === 0) return NO_FOLDER;
  const { appFolder } = manifest;
  const path = `${appFolder === undefined ? "" : `${appFolder}/`}package.json`;
  return after.includes(path) && before.includes(path) ? OWN_FOLDER : undefined;
}

/**
 * Refuses modules that Deno would translate by options which hold for their place alone: a release's file is at
 * another.
 */
export function translationRefusals(
  manifest: Manifest,
  evaluated: Iterable<string>,
): Refusal[] {
  const places = Object.entries(manifest.configKeys ?? {}).flatMap(
    ([path, keys]) => {
      const folder = path.slice(0, path.lastIndexOf("/") + 1);
      const isOwn = folder !== "";
      if (!isOwn && !(isTsconfigPath(path) && Object.hasOwn(keys, "files"))) {
        return [];
      }
      const concerns = Object.hasOwn(keys, "compilerOptions")
        ? () => true
        : Object.hasOwn(keys, "jsx")
        ? isJsxPath
        : null;
      return concerns ? [{ path, folder, isOwn, concerns }] : [];
    },
  );
  if (places.length === 0) return [];
  const found = new Map<string, Refusal>();
  for (const module of evaluated) {
    for (const { path, folder, isOwn, concerns } of places) {
      if (!module.startsWith(folder) || found.has(path) || !concerns(module)) {
        continue;
      }
      const without = `and ${module} would be translated without them`;
      found.set(path, {
        rule: "compiler",
        path,
        line: 0,
        column: 0,
        subject: "compilerOptions",
        why: isOwn
          ? `are the member's own, ${without}`
          : `hold only for the files that it names, ${without}`,
        remedy: "move them to the deno.json of the root",
      });
    }
  }
  return [...found.values()];
}

function isJsxPath(path: string): boolean {
  return /\.[jt]sx$/.test(path);
}
