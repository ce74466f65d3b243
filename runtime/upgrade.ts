/** One upgrade on one machine: a transaction that happens wholly or not at all.
 * @module
 */
import type { AppFiles } from "./app_files.ts";
import { knownPackages } from "./known_packages.ts";
import { DeclarationError, type Staging } from "./declarations.ts";
import { HolderCell, type HolderDefinition, quiesce } from "./holder_cell.ts";
import type { RefreshedBoundaries } from "./live_boundaries.ts";
import type { Manifest, ModuleEdges } from "./manifest.ts";
import { migrationChain, runMigration } from "./migration.ts";
import type { StagedTable } from "./module_table.ts";
import type { Bucket } from "./object_store.ts";
import { type HolderChange, reloadSet, type UpgradePhase } from "./protocol.ts";
import type { WantedRelease } from "./release.ts";
import { diffRelease } from "./release_diff.ts";
import type { ReleaseFolders, UnpackedRelease } from "./release_folders.ts";
import { importRoots } from "./reload_set.ts";
import type { System } from "./system.ts";
import { UpgradeError, upgradeError } from "./upgrade_error.ts";

/** What an upgrade works on. */
export interface UpgradeContext {
  /** The running system. */
  readonly system: System;
  /** The base image's files. */
  readonly files: AppFiles;
  /** The path of the main module. */
  readonly main: string;
  /** Where releases go. */
  readonly folders: ReleaseFolders;
  /** Where releases come from. */
  readonly bucket: Bucket | null;
  /** How long download and unpacking may take, in milliseconds. */
  readonly fetchTimeoutMs: number;
  /** How long the new modules may take to evaluate, in milliseconds. */
  readonly prepareTimeoutMs: number;
  /** How long holders may take to finish the action they are in, in milliseconds. */
  readonly suspendTimeoutMs: number;
  /** How long all migrations together may take, in milliseconds. */
  readonly migrateTimeoutMs: number;
  /** Told each step as it begins. */
  readonly onPhase: (phase: UpgradePhase) => void;
}

/** What an upgrade did. */
export interface UpgradeOutcome {
  /** `nothing_to_do` where no file that runs differs. */
  readonly state: "applied" | "nothing_to_do";
  /** The modules evaluated anew. */
  readonly reloaded: readonly string[];
  /** How many app modules are loaded. */
  readonly modules: number;
  /** What became of the holders concerned. */
  readonly holders: readonly HolderChange[];
  /** How long holders took no calls, in milliseconds; null if there were none to suspend. */
  readonly suspendMs: number | null;
}

interface Plan {
  readonly reload: readonly string[];
  readonly mapped: readonly string[];
  readonly roots: readonly string[];
  readonly gone: readonly string[];
  /** Whether files that are not modules differ. */
  readonly otherFiles: boolean;
}

interface Prepared {
  readonly staged: StagedTable;
  readonly staging: Staging;
  readonly boundaries: RefreshedBoundaries;
}

interface NextHolder {
  readonly definition: HolderDefinition;
  readonly cell: HolderCell | null;
  readonly state: unknown;
  readonly change: HolderChange;
}

/**
 * Brings one release in. Either all of it is in afterwards, or nothing has changed.
 *
 * @param wanted the release
 * @param context what it works on
 * @returns what was done
 * @throws {UpgradeError} if a step fails; the old code and state are as they were
 */
export async function upgrade(
  wanted: WantedRelease,
  context: UpgradeContext,
): Promise<UpgradeOutcome> {
  const { system, onPhase } = context;
  onPhase("check");
  const inAlready = wanted.tarballUrl === null
    ? system.release === null
    : wanted.sha256 !== null && wanted.sha256 === system.release?.sha256;
  if (inAlready) {
    if (system.release) system.release = { ...system.release, wanted };
    return nothingToDo(context);
  }
  const release = wanted.tarballUrl === null
    ? null
    : await fetchRelease(wanted, context);
  let entered = false;
  try {
    onPhase("diff");
    const plan = await planUpgrade(release, context);
    const outcome = await apply(plan, release, context);
    entered = true;
    enter(wanted, release, system);
    if (outcome.state === "applied") system.upgrades++;
    return outcome;
  } finally {
    if (!entered && release && release.sha256 !== system.release?.sha256) {
      await context.folders.discard(release);
    }
  }
}

async function fetchRelease(
  wanted: WantedRelease,
  { folders, bucket, fetchTimeoutMs, onPhase }: UpgradeContext,
): Promise<UnpackedRelease> {
  onPhase("fetch");
  const deadline = AbortSignal.timeout(fetchTimeoutMs);
  try {
    return await folders.bring(wanted, wanted.tarballUrl!, bucket, deadline);
  } catch (error) {
    if (!deadline.aborted) throw error;
    throw new UpgradeError(
      "fetch",
      `Cannot download ${wanted.tarballUrl}: it took longer than ${fetchTimeoutMs} ms`,
      { transient: true, cause: error },
    );
  }
}

async function planUpgrade(
  release: UnpackedRelease | null,
  { system, files, main }: UpgradeContext,
): Promise<Plan> {
  const current = system.release;
  const manifest = release?.manifest ??
    await baseManifest(current!.manifest, files);
  const paths = Object.keys(manifest.files);
  const digests = new Map<string, string | null>();
  for (const path of paths) {
    digests.set(
      path,
      current
        ? current.manifest.files[path]?.sha256 ?? null
        : await files.digest(path),
    );
  }
  const diff = diffRelease(manifest, {
    digest: (path) => digests.get(path) ?? null,
    paths: Object.keys(current?.manifest.files ?? {}),
    config: release ? await files.config() : {},
    external: await knownPackages(system, files),
  });
  const running = { main, ...system.modules.current(main) };
  const set = reloadSet(diff.modules, manifest.modules, running);
  const cold = [
    ...diff.cold,
    ...set.cold.map(({ path, chain }) =>
      chain.length > 1
        ? `${path} is imported by the boot module ${chain.at(-1)} (${
          chain.join(" <- ")
        })`
        : `${path} is a boot module`
    ),
  ];
  if (cold.length > 0) {
    throw new UpgradeError(
      "diff",
      `This release needs a cold deploy: ${cold.join("; ")}`,
    );
  }
  return {
    reload: set.reload,
    mapped: set.mapped,
    roots: importRoots(set.reload, manifest.modules),
    gone: diff.removed,
    otherFiles: diff.assets.length + diff.removed.length > 0,
  };
}

// The way back to the base image: its files under the edges of the release that is in. An importer that differs
// is in the reload set by itself, so its edges there do not matter.
async function baseManifest(
  current: Manifest,
  files: AppFiles,
): Promise<Manifest> {
  const kept: Record<string, Manifest["files"][string]> = Object.create(null);
  const edges: Record<string, ModuleEdges> = Object.create(null);
  for (const [path, file] of Object.entries(current.files)) {
    const sha256 = await files.digest(path);
    if (sha256 === null) continue;
    kept[path] = { ...file, sha256 };
    if (current.modules[path]) edges[path] = current.modules[path];
  }
  return { ...current, files: kept, modules: edges };
}

async function apply(
  plan: Plan,
  release: UnpackedRelease | null,
  context: UpgradeContext,
): Promise<UpgradeOutcome> {
  const { system, onPhase } = context;
  const changed = plan.reload.length + plan.mapped.length > 0;
  if (!changed) {
    const state = plan.otherFiles ? "applied" : "nothing_to_do";
    return { ...nothingToDo(context), state };
  }
  onPhase("prepare");
  const retained = await oldModules(plan, context);
  const prepared = await prepare(plan, release, context);
  let suspended: HolderCell[] = [];
  const startedAt = performance.now();
  try {
    const concerned = concernedHolders(plan, prepared.staging, system);
    suspended = concerned.cells;
    onPhase("suspend");
    await suspend(suspended, context.suspendTimeoutMs);
    onPhase("migrate");
    const next = await migrate(concerned.definitions, context);
    onPhase("swap");
    swap(prepared, next, concerned.removed, system);
    system.retained.modules += retained.modules;
    system.retained.bytes += retained.bytes;
    system.modules.forgetOld();
    const holders = [
      ...next.map(({ change }) => change),
      ...concerned.removed.map(removal),
    ];
    return {
      state: "applied",
      reloaded: plan.reload,
      modules: system.modules.current(context.main).loaded.size,
      holders: holders.sort((a, b) => a.name < b.name ? -1 : 1),
      suspendMs: suspended.length === 0 ? null : performance.now() - startedAt,
    };
  } catch (error) {
    giveUp(prepared, system);
    throw error;
  } finally {
    for (const cell of suspended) cell.open();
  }
}

function nothingToDo({ system, main }: UpgradeContext): UpgradeOutcome {
  return {
    state: "nothing_to_do",
    reloaded: [],
    modules: system.modules.current(main).loaded.size,
    holders: [],
    suspendMs: null,
  };
}

async function prepare(
  plan: Plan,
  release: UnpackedRelease | null,
  { system, prepareTimeoutMs }: UpgradeContext,
): Promise<Prepared> {
  const { modules, boundaries } = system;
  const table = modules.table!;
  const origin = release
    ? { sha256: release.sha256, folder: table.releaseFolder(release.sha256) }
    : { sha256: null, folder: table.root };
  const staged = table.stage(origin, [...plan.reload, ...plan.mapped]);
  const staging = system.openStaging(staged.attempt);
  modules.staged = staged;
  const imports = plan.roots.filter(isScript).map((path) =>
    import(staged.urls.get(path)!)
  );
  const refreshed = boundaries.refresh(new Set(plan.reload));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new UpgradeError(
          "prepare",
          `Cannot load the new modules: their top level did not settle within ${prepareTimeoutMs} ms (${
            plan.roots.join(", ")
          })`,
        ),
      );
    }, prepareTimeoutMs);
  });
  try {
    const all = Promise.all([refreshed, ...imports]);
    const [swappable] = await Promise.race([all, late]);
    return { staged, staging, boundaries: swappable };
  } catch (error) {
    // Imports that go on after the deadline have nobody else to hear of them.
    for (const pending of [refreshed, ...imports]) pending.catch(() => {});
    giveUp({ staged, staging }, system);
    throw upgradeError("prepare", "Cannot load the new modules", error);
  } finally {
    clearTimeout(timer);
  }
}

function isScript(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path);
}

function giveUp(
  { staged, staging }: Pick<Prepared, "staged" | "staging">,
  system: System,
): void {
  staging.state = "discarded";
  system.modules.staged = null;
  system.retained.modules += system.modules.loadedBy(staged.attempt).length;
  system.modules.forgetOld();
}

function concernedHolders(
  plan: Plan,
  staging: Staging,
  system: System,
): {
  cells: HolderCell[];
  removed: HolderCell[];
  definitions: { definition: HolderDefinition; cell: HolderCell | null }[];
} {
  const replaced = new Set([...plan.reload, ...plan.gone]);
  const removed: HolderCell[] = [];
  for (const cell of system.holders.values()) {
    const { name, module } = cell.definition;
    if (replaced.has(module) && !staging.holders.has(name)) removed.push(cell);
  }
  const definitions = [...staging.holders.values()].map((definition) => {
    const cell = system.holders.get(definition.name) ?? null;
    if (cell && !replaced.has(cell.definition.module)) {
      throw new UpgradeError(
        "prepare",
        new DeclarationError(
          `Cannot declare the holder ${definition.name} in ${definition.module}: ${cell.definition.module} declares it already; rename one of them`,
        ).message,
      );
    }
    return { definition, cell };
  });
  const kept = definitions.flatMap(({ cell }) => cell ? [cell] : []);
  return { cells: [...kept, ...removed], removed, definitions };
}

async function suspend(
  cells: readonly HolderCell[],
  timeoutMs: number,
): Promise<void> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    await quiesce(cells, deadline.signal);
  } catch (error) {
    throw upgradeError("suspend", null, error);
  } finally {
    clearTimeout(timer);
  }
}

async function migrate(
  definitions: readonly {
    definition: HolderDefinition;
    cell: HolderCell | null;
  }[],
  { migrateTimeoutMs }: UpgradeContext,
): Promise<NextHolder[]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const next: NextHolder[] = [];
  let current = "";
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(
          new UpgradeError(
            "migrate",
            `Cannot migrate ${current}: the step did not settle within ${migrateTimeoutMs} ms`,
          ),
        );
      }, migrateTimeoutMs);
    });
    // Only a step that waits is raced; the rejection of the others would have nobody to hear it.
    late.catch(() => {});
    for (const { definition, cell } of definitions) {
      current = definition.name;
      const state = nextState(definition, cell);
      next.push({
        definition,
        cell,
        state: state instanceof Promise
          ? await Promise.race([state, late])
          : state,
        change: changeOf(definition, cell),
      });
    }
    return next;
  } catch (error) {
    throw upgradeError("migrate", null, error);
  } finally {
    clearTimeout(timer);
  }
}

function nextState(
  definition: HolderDefinition,
  cell: HolderCell | null,
): unknown {
  if (!cell) return definition.initial();
  const from = cell.definition.version;
  const to = definition.version;
  if (from === to) return cell.state;
  const newer = to > from ? definition : cell.definition;
  const chain = migrationChain(definition.name, from, to, newer.migrate);
  return runMigration(definition.name, cell.definition.copy(cell.state), chain);
}

function changeOf(
  definition: HolderDefinition,
  cell: HolderCell | null,
): HolderChange {
  const from = cell?.definition.version ?? null;
  const to = definition.version;
  const action = from === null ? "added" : from === to ? "kept" : "migrated";
  return { name: definition.name, from, to, action };
}

function removal(cell: HolderCell): HolderChange {
  const { name, version } = cell.definition;
  return { name, from: version, to: null, action: "removed" };
}

// One turn: nothing can run between the old system and the new one.
function swap(
  { staged, staging, boundaries }: Prepared,
  next: readonly NextHolder[],
  removed: readonly HolderCell[],
  system: System,
): void {
  system.modules.table!.commit(staged);
  system.modules.staged = null;
  boundaries.swap();
  for (const { definition, cell, state } of next) {
    if (cell) {
      cell.definition = definition;
      cell.state = state;
    } else {
      system.holders.set(definition.name, new HolderCell(definition, state));
    }
  }
  for (const cell of removed) {
    const { name } = cell.definition;
    system.holders.delete(name);
    cell.refuseWaiting(
      new Error(`Cannot call ${name}: an upgrade removed the holder`),
    );
  }
  staging.state = "live";
}

async function oldModules(
  plan: Plan,
  { system, files }: UpgradeContext,
): Promise<{ modules: number; bytes: number }> {
  let bytes = 0;
  for (const path of plan.reload) {
    bytes += system.release?.manifest.files[path]?.size ??
      await files.size(path);
  }
  return { modules: plan.reload.length, bytes };
}

function enter(
  wanted: WantedRelease,
  release: UnpackedRelease | null,
  system: System,
): void {
  system.release = release && {
    wanted,
    sha256: release.sha256,
    manifest: release.manifest,
    folder: release.folder,
    appliedAt: new Date().toISOString(),
  };
}
