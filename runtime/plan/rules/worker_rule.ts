/** Scripts that only workers load: those that run now keep their old code.
 * @module
 */
import type {
  Manifest,
  RunningManifest,
} from "../../protocol/manifest/manifest.ts";
import type { Consents } from "./consent.ts";
import { type Steps, Turns } from "../../base/in_slices.ts";
import { isBuiltin } from "node:module";
import { aliasDigests, aliasesDiffer } from "../settings/config_keys.ts";
import { isAlias, isForDevelopment, isScriptPath } from "../paths.ts";
import { workerReach } from "../reload/reach.ts";
import type { Refusal } from "../../base/refusal.ts";
import { relativePath, type View } from "../lookup/views.ts";

/** A script and the place that starts a worker with it. */
interface Started {
  readonly script: string;
  readonly by: string;
  readonly line: number;
}

/** The scripts that workers may run. */
export function* workerScripts(
  running: RunningManifest,
  paths: Iterable<string>,
  view: View,
): Steps<Started[]> {
  const found = new Map<string, Started>();
  const turns = new Turns();
  for (const by of paths) {
    for (const { kind, detail, line } of view.analysis(by)?.owned ?? []) {
      if (kind !== "worker" || detail === "") continue;
      const script = view.resolve(by, detail) ?? relativePath(by, detail);
      if (script && !found.has(script)) found.set(script, { script, by, line });
    }
    if (turns.due) yield;
  }
  const seen = [...running.workers ?? [], ...running.startedWorkers ?? []];
  for (const script of seen) {
    if (!found.has(script)) found.set(script, { script, by: script, line: 0 });
  }
  return [...found.values()];
}

/**
 * The scripts that a worker of Node's may run whose script the text does not name: any that no module imports. Of the other
 * kind of workers, and of those that modules behind the hooks start, the process has seen what they run.
 */
export function* unnamedScripts(
  paths: Iterable<string>,
  { manifest, running, now }: {
    readonly manifest: Manifest;
    readonly running: RunningManifest;
    readonly now: View;
  },
): Steps<Started[]> {
  if (running.workers) return [];
  const turns = new Turns();
  const unseen = running.seesNodeWorkers && running.boot
    ? new Set(running.boot)
    : null;
  for (const by of paths) {
    if (turns.due) yield;
    if (unseen?.has(by) === false) continue;
    const { owned = [], imports = [] } = now.analysis(by) ?? {};
    const fact = owned.find(({ kind, detail }) =>
      kind === "worker" && detail === ""
    );
    const isNodes = fact &&
      imports.some(({ specifier }) =>
        /^(?:node:)?worker_threads$/.test(specifier)
      );
    if (!isNodes) continue;
    return Object.keys(manifest.files).filter((path) =>
      isScriptPath(path) && !isForDevelopment(path) &&
      !Object.hasOwn(manifest.modules, path) &&
      Object.hasOwn(running.files, path) && !running.loaded.includes(path)
    ).map((script) => ({ script, by, line: fact.line }));
  }
  return [];
}

/** Refuses changes of what running workers have loaded. */
export function* workerRefusals(
  scripts: readonly Started[],
  changed: ReadonlySet<string>,
  { manifest, running, release, consents }: {
    readonly manifest: Manifest;
    readonly running: RunningManifest;
    readonly release: View;
    readonly consents: Consents;
  },
): Steps<Refusal[]> {
  const refusals: Refusal[] = [];
  const known = running.workers
    ? new Set([...running.workers, ...running.startedWorkers ?? []])
    : null;
  const seen = new Set<string>();
  for (const { script, by, line } of scripts) {
    if (seen.has(script) || known && !known.has(script)) continue;
    seen.add(script);
    const loaded = yield* workerReach(script, manifest, release);
    const first = [...loaded].find((path) => changed.has(path));
    if (first === undefined || consents.take(`worker:${script}`)) continue;
    refusals.push({
      rule: "worker",
      path: by,
      line,
      column: 0,
      subject: script,
      why: first === script
        ? "has changed, and a worker that runs it keeps the old code"
        : `imports ${first}, which has changed, and a worker that runs it keeps the old code`,
      remedy: "start its workers from a service, which ends them",
      consent: `worker:${script}`,
    });
  }
  return refusals;
}

/**
 * Refuses scripts of workers that name modules by aliases, where the image's own say something else: workers do not pass the
 * hooks, and read the `deno.json` of the image.
 */
export function* workerAliasRefusals(
  scripts: readonly Started[],
  { manifest, running, release, consents }: {
    readonly manifest: Manifest;
    readonly running: RunningManifest;
    readonly release: View;
    readonly consents: Consents;
  },
): Steps<Refusal[]> {
  const refusals: Refusal[] = [];
  const isOther = scripts.length > 0 && running.configKeys !== undefined &&
    aliasesDiffer(
      aliasDigests(running.configKeys),
      aliasDigests(manifest.configKeys ?? {}),
      (path) =>
        !Object.hasOwn(running.files, path) ||
        running.files[path] === manifest.files[path]?.sha256,
    );
  if (!isOther) return refusals;
  for (const { script, by, line } of scripts) {
    if (!Object.hasOwn(manifest.files, script)) continue;
    for (const path of yield* workerReach(script, manifest, release)) {
      const alias = release.analysis(path)?.imports?.find(({ specifier }) =>
        isAlias(specifier) && !isBuiltin(specifier)
      );
      if (!alias || consents.take(`worker:${script}`)) continue;
      refusals.push({
        rule: "worker",
        path: by,
        line,
        column: 0,
        subject: script,
        why:
          `leads to ${
            JSON.stringify(alias.specifier)
          } (${path}:${alias.line}), ` +
          "and a worker follows the aliases of the image, which are others than those of the release",
        remedy: "deploy cold, or name the module by its path",
        consent: `worker:${script}`,
      });
      break;
    }
  }
  return refusals;
}

/**
 * Refuses workers that modules start while they are evaluated: what changes of their scripts is at its place only
 * later.
 */
export function* workerLoadRefusals(
  evaluated: readonly string[],
  changed: ReadonlySet<string>,
  { manifest, release }: {
    readonly manifest: Manifest;
    readonly release: View;
  },
): Steps<Refusal[]> {
  const refusals: Refusal[] = [];
  for (const by of evaluated) {
    yield;
    for (const fact of release.analysis(by)?.owned ?? []) {
      if (fact.kind !== "worker" || fact.later || fact.detail === "") continue;
      const script = release.resolve(by, fact.detail) ??
        relativePath(by, fact.detail);
      if (!script) continue;
      const files = yield* workerReach(script, manifest, release);
      const first = [...files].find((path) => changed.has(path));
      if (first === undefined) continue;
      refusals.push({
        rule: "worker",
        path: by,
        line: fact.line,
        column: 0,
        subject: script,
        why: `is started while ${by} is evaluated, ${
          first === script ? "" : `and imports ${first} `
        }before what has changed is at its place`,
        remedy: "start it in a service or a function",
      });
    }
  }
  return refusals;
}
