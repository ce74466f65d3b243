/** What of an app can be replaced while it runs, before anything has changed: module by module, by the one rule.
 * @module
 */
import type { Refusal } from "../../base/refusal.ts";
import type {
  Manifest,
  RunningManifest,
} from "../../protocol/manifest/manifest.ts";
import type { Effects } from "../../protocol/manifest/module_analysis.ts";
import { NO_SETTINGS } from "../../protocol/manifest/release_settings.ts";
import { inOneGo } from "../../base/in_slices.ts";
import { madeWithin } from "../analyze/keeping/made_within.ts";
import type { Node } from "../analyze/code/nodes.ts";
import { bare, releaseView, type View } from "../lookup/views.ts";
import { classify } from "../classify.ts";
import { ExportFinder } from "../lookup/find_export.ts";
import { Touched } from "../lookup/touched.ts";
import { type LostState, stateIn } from "../rules/lost_state.ts";

/** One module of an app. */
export interface SurfaceModule {
  /** Its path. */
  readonly path: string;
  /** Why it cannot be replaced; null if it can. */
  readonly refusal: Refusal | null;
}

/** What of an app can be replaced while it runs. */
export interface HotSurface {
  /** The main module. */
  readonly main: string;
  /** The modules that it reaches, in path order. */
  readonly modules: readonly SurfaceModule[];
  /** How many there are; more than in `modules` where an app is too large to ask for each. */
  readonly total: number;
}

/** Options of {@linkcode hotSurface}. */
export interface SurfaceOptions {
  /** True if the runtime starts before the main module: then that is hot as well. */
  readonly preload: boolean;
  /** How many modules are looked at. Default all of a small app, and as many of a large one as take about a second. */
  readonly max?: number;
}

/** Each question costs about as much as there are modules. */
const QUESTIONS_TIMES_MODULES = 12_000;
const QUESTIONS_MIN = 10;
const OTHER_DIGEST = "0".repeat(64);

/**
 * Tells which modules could be replaced if they alone were changed.
 *
 * @param manifest the app
 * @param main the main module of a process
 * @param options how the runtime is started
 * @returns every module that the main module reaches, with the reason where it cannot be replaced
 */
export function hotSurface(
  manifest: Manifest,
  main: string,
  options: SurfaceOptions,
): HotSurface {
  const running = asRunning(manifest, main, options.preload);
  const named = withoutKeep(manifest);
  const max = options.max ?? Math.max(
    QUESTIONS_MIN,
    Math.floor(QUESTIONS_TIMES_MODULES / running.loaded.length),
  );
  const modules = running.loaded.slice(0, max).map(
    (path): SurfaceModule => {
      const { refusals } = classify(named, {
        ...running,
        files: { ...running.files, [path]: OTHER_DIGEST },
      });
      const own = refusals.find((refusal) => refusal.path === path);
      return { path, refusal: own ?? refusals[0] ?? null };
    },
  );
  return { main, modules, total: running.loaded.length };
}

/** Gives the root of a module's tree. */
export type TreeOf = (path: string) => Node | null;

/** State of a module. */
export type ModuleState = LostState;

/**
 * Finds the state that modules keep outside of holders.
 *
 * @param manifest the app
 * @param main the main module of a process
 * @param treeOf the root of a module's tree, to follow what its functions call in it; null for none
 * @returns the state by module, named or not
 */
export function moduleStates(
  manifest: Manifest,
  main: string,
  treeOf: TreeOf = () => null,
): readonly ModuleState[] {
  const { loaded, made = {} } = asRunning(manifest, main, true, treeOf);
  return inOneGo(
    stateIn(
      loaded,
      loaded,
      releaseView(manifest),
      new Map(Object.entries(made)),
    ),
  );
}

/** Who changes state of another module while it is evaluated. */
export interface Repeat {
  /** The module. */
  readonly by: string;
  /** Where. */
  readonly line: number;
}

/**
 * Finds state that modules change of others while they are evaluated: of a value that is kept, they would do it a second
 * time.
 *
 * @param manifest the app
 * @param main the main module of a process
 * @returns the first of them for each piece of state, by `path#name`
 */
export function repeatedStates(
  manifest: Manifest,
  main: string,
): ReadonlyMap<string, Repeat> {
  const view = releaseView(manifest);
  const found = new Map<string, Repeat>();
  const touched = new Touched(view, () => false, true);
  for (const module of asRunning(manifest, main, true).loaded) {
    touched.follow(module, ({ path, name, grip, by, line }) => {
      if (grip !== "write" || by === path) return;
      const local = view.analysis(path)?.exports?.[name]?.local ?? name;
      const key = `${path}#${local}`;
      if (!found.has(key)) found.set(key, { by, line });
    });
  }
  return found;
}

/** A process of this very app in which every module has been loaded. */
function asRunning(
  manifest: Manifest,
  main: string,
  preload: boolean,
  treeOf: TreeOf = () => null,
): RunningManifest {
  const view = releaseView(manifest);
  const { loaded, live } = reachedFrom(main, manifest, view);
  return {
    protocol: manifest.protocol,
    image_ref: "",
    fingerprint: "",
    release_sha256: null,
    main,
    files: Object.fromEntries(
      Object.entries(manifest.files).map(([path, { sha256 }]) => [
        path,
        sha256,
      ]),
    ),
    config: manifest.config,
    locked: manifest.locked,
    loaded,
    live,
    plain: {},
    external: [
      ...new Set(loaded.flatMap((path) => manifest.modules[path]!.external)),
    ],
    holders: {},
    specifiers: Object.fromEntries(
      loaded.map((path) => [path, manifest.modules[path]!.specifiers ?? {}]),
    ),
    ...(manifest.analysis ? { analysis: manifest.analysis } : {}),
    ...(manifest.configKeys ? { configKeys: manifest.configKeys } : {}),
    ...(manifest.commonjs ? { commonjs: manifest.commonjs } : {}),
    ...(preload
      ? {
        boot: [],
        made: madeAtLoad(loaded, view, treeOf),
        canKeep: { possible: true },
      }
      : {}),
  };
}

/** What functions make for themselves that run while modules are evaluated, their own or those that call them. */
function madeAtLoad(
  loaded: readonly string[],
  view: View,
  treeOf: TreeOf,
): Record<string, readonly string[]> {
  const exports = new ExportFinder(view);
  const made = new Map<string, Set<string>>();
  const add = (path: string, name: string, by: string) => {
    const key = `${path}#${name}`;
    const makers = made.get(key) ?? new Set();
    made.set(key, makers.add(by));
  };
  for (const path of loaded) {
    for (const { name, early } of view.analysis(path)?.kept ?? []) {
      if (early) add(path, name, path);
    }
    for (const [of, names] of calledAtLoad(path, view, exports)) {
      const facts = view.analysis(of)?.kept ?? [];
      if (!facts.some(({ state }) => state)) continue;
      const tree = treeOf(of);
      const within = tree && madeWithin(tree, names);
      for (const { name, state } of facts) {
        const isMade = within
          ? within.has(name)
          : names.has(name.slice(0, name.indexOf(".")));
        if (state && isMade) add(of, name, path);
      }
    }
  }
  return Object.fromEntries([...made].map(([key, by]) => [key, [...by]]));
}

/** The functions of other modules that run while a module is evaluated, by module, as far as they are called by their names. */
function calledAtLoad(
  path: string,
  view: View,
  exports: ExportFinder,
): ReadonlyMap<string, ReadonlySet<string>> {
  const all = new Map<string, Set<string>>();
  const waiting: (readonly [path: string, effects: Effects | undefined])[] = [
    [path, view.analysis(path)?.top],
  ];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [by, effects] = next;
    const touches = view.analysis(by)?.touches ?? [];
    for (const at of effects?.touches ?? []) {
      const { specifier, name, how, member = "" } = touches[at]!;
      const wanted = name === "*" ? /^[^.()]+/.exec(member)?.[0] : name;
      const target = view.resolve(by, specifier);
      const isCall = how === "call" || how === "method" && name === "*";
      if (!isCall || wanted === undefined || target === null) continue;
      const found = exports.find(target, wanted);
      if (found.kind !== "here" || found.fact.kind !== "function") continue;
      const local = found.fact.local ?? found.name;
      const names = all.get(found.path) ?? new Set();
      all.set(found.path, names);
      if (names.has(local)) continue;
      names.add(local);
      waiting.push([found.path, found.fact.effects]);
    }
  }
  return all;
}

/** What is named under `keep` has a name: whether it can be kept is asked elsewhere. */
function withoutKeep(manifest: Manifest): Manifest {
  const { keep, startsAnew, ...settings } = manifest.settings ?? NO_SETTINGS;
  return {
    ...manifest,
    settings: {
      ...settings,
      keep: [],
      startsAnew: [...startsAnew, ...keep.map(({ at }) => at)],
    },
  };
}

/** The modules that a main module reaches, and the boundaries on the way. */
function reachedFrom(main: string, manifest: Manifest, view: View) {
  const seen = new Set<string>();
  const live: Record<string, string[]> = {};
  const waiting = [main];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const edges = Object.hasOwn(manifest.modules, path)
      ? manifest.modules[path]
      : undefined;
    if (!edges || seen.has(path)) continue;
    seen.add(path);
    const dynamic = edges.dynamic.map(bare);
    const { imports = [] } = view.analysis(path) ?? {};
    // Whoever imports `live` imports through it.
    if (
      dynamic.length > 0 && imports.some(({ names }) => names?.includes("live"))
    ) live[path] = dynamic;
    waiting.push(...view.imports(path), ...dynamic);
  }
  return { loaded: [...seen].sort(), live };
}
