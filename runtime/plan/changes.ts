/** What differs between a release and what runs, file by file.
 * @module
 */
import { type Steps, Turns } from "../base/in_slices.ts";
import type {
  Manifest,
  RunningManifest,
} from "../protocol/manifest/manifest.ts";
import {
  aliasDigests,
  aliasesDiffer,
  isImageFile,
} from "./settings/config_keys.ts";
import { isForDevelopment, isScriptPath, isSecretLike } from "./paths.ts";
import {
  bare,
  isJsxRuntime,
  isOutside,
  seenEdges,
  targetsSeen,
  type View,
} from "./lookup/views.ts";
import { own } from "../base/own.ts";

/** What differs. */
export interface Changes {
  /** Modules: loaded ones, and those that could be. */
  readonly modules: readonly string[];
  /** Files that this process has not loaded. */
  readonly files: readonly string[];
  /** Files that are gone. */
  readonly removed: readonly string[];
  /** Changed files that only serve those who work on the app. */
  readonly ignored: readonly string[];
}

/** Compares a release with what runs. Returns the differences, in path order. */
export function* changesOf(
  manifest: Manifest,
  running: RunningManifest,
  loaded: ReadonlySet<string>,
  wanted: ReadonlySet<string>,
  release: View,
  importers: ReadonlySet<string> = new Set(),
): Steps<Changes> {
  const isLedElsewhere = running.aliases !== undefined && aliasesDiffer(
    running.aliases,
    aliasDigests(manifest.configKeys ?? {}),
    (path) => {
      const before = own(running.files, path);
      return before === undefined ||
        before === own(manifest.files, path)?.sha256;
    },
  );
  const modules: string[] = [];
  const files: string[] = [];
  const ignored: string[] = [];
  const turns = new Turns();
  for (const path of Object.keys(manifest.files)) {
    if (turns.due) yield;
    const { sha256, kind } = manifest.files[path]!;
    if (own(running.files, path) === sha256) {
      if (
        importers.has(path) ||
        loaded.has(path) && isLedElsewhere &&
          release.analysis(path)?.computed === true ||
        loaded.has(path) && leadsElsewhere(path, manifest, running, release)
      ) {
        modules.push(path);
      }
    } else if (loaded.has(path)) modules.push(path);
    else if (kind === "config" || isImageFile(path)) continue;
    else if (!wanted.has(path) && isForDevelopment(path)) ignored.push(path);
    else {
      if (kind === "module" || isScriptPath(path)) modules.push(path);
      files.push(path);
    }
  }
  const removed = removedFiles(manifest, running);
  yield;
  const changed = new Set(modules);
  // Whoever has got a module by an import() that finds nothing now would go on with what is gone.
  for (const path of importCallsOf(removed, running)) {
    if (!loaded.has(path) || changed.has(path)) continue;
    changed.add(path);
    modules.push(path);
  }
  yield;
  // What a module has made of a file while it was evaluated is as old as the file.
  const read = (path: string) => {
    // Of those that read it later, only what they keep is as old as the file.
    const late = (own(running.lateReads, path) ?? []).filter((reader) =>
      own(running.analysis, reader)?.keepsFiles === true
    );
    for (const reader of [...own(running.reads, path) ?? [], ...late]) {
      if (!loaded.has(reader) || changed.has(reader)) continue;
      changed.add(reader);
      modules.push(reader);
    }
  };
  const differs = [...modules, ...files, ...removed];
  for (const path of differs) {
    read(path);
    const isThere = own(running.files, path) !== undefined;
    if (isThere && Object.hasOwn(manifest.files, path)) continue;
    // Of a folder it has read what is in it; it may be new, or gone with this file.
    for (let at = path; at !== "";) {
      at = at.slice(0, Math.max(at.lastIndexOf("/"), 0));
      read(at);
      read(`${at}/`);
    }
  }
  return {
    modules: modules.sort(),
    files: files.sort(),
    removed,
    ignored: ignored.sort(),
  };
}

/** The modules that were seen getting some of the paths by an import(). */
function importCallsOf(
  paths: readonly string[],
  running: RunningManifest,
): string[] {
  const edges = paths.length > 0 ? seenEdges(running) : undefined;
  if (!edges) return [];
  const wanted = new Set(paths);
  return Object.keys(edges).filter((from) =>
    targetsSeen(edges[from]!).dynamic.some((to) => wanted.has(to))
  );
}

/** Whether a specifier of a module that did not change leads to another module of the app, or in or out of it. */
function leadsElsewhere(
  path: string,
  manifest: Manifest,
  running: RunningManifest,
  release: View,
): boolean {
  const after = own(manifest.modules, path)?.specifiers;
  const before = own(running.specifiers, path);
  if (!after || !before) return false;
  const facts = release.analysis(path);
  const known = LED.get(after);
  if (known?.before === before && known.facts === facts) return known.leads;
  const leads = anyLeadsElsewhere(after, before, facts);
  LED.set(after, { before, facts, leads });
  return leads;
}

/** Whether specifiers led elsewhere, by their tables: most of them are the same ones in the next plan. */
const LED = new WeakMap<object, {
  readonly before: object;
  readonly facts: ReturnType<View["analysis"]>;
  readonly leads: boolean;
}>();

function anyLeadsElsewhere(
  after: Readonly<Record<string, string>>,
  before: Readonly<Record<string, string>>,
  facts: ReturnType<View["analysis"]>,
): boolean {
  return Object.keys(after).some((specifier) => {
    const target = after[specifier]!;
    const old = own(before, specifier);
    if (old === undefined || old === target) return false;
    // Versions of packages are the affair of the lock file.
    if (isOutside(old) && isOutside(target)) return false;
    return bare(old) !== bare(target) && isUsed(specifier, facts);
  });
}

/** Whether a module imports a specifier, as far as anybody knows. */
function isUsed(
  specifier: string,
  analysis: ReturnType<View["analysis"]>,
): boolean {
  return !analysis || analysis.commonjs === true ||
    isJsxRuntime(specifier) ||
    (analysis.imports ?? []).some((it) => it.specifier === specifier);
}

/**
 * A file is only missed if it is loaded, or if the release before had it: the image may hold more than any release, and
 * what no developer writes, as WebAssembly, its build may have made.
 */
function removedFiles(
  manifest: Manifest,
  running: RunningManifest,
): string[] {
  const isGone = (path: string) => !Object.hasOwn(manifest.files, path);
  const loaded = new Set(
    running.loaded.filter((path) =>
      isGone(path) && (isScriptPath(path) || path.endsWith(".json"))
    ),
  );
  const before = running.releaseFiles ??
    (running.release_sha256 === null ? [] : Object.keys(running.files));
  return [...new Set(before.filter(isGone)).union(loaded)].filter((path) =>
    !Object.hasOwn(running.config, path) &&
    // Deno writes one when it starts without.
    path !== "deno.lock" && !isImageFile(path) &&
    // Left out of every release now, whatever older ones held.
    (loaded.has(path) ||
      !isForDevelopment(path) && !isSecretLike(path))
  ).sort();
}
