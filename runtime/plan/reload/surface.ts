/** What of an app can be replaced while it runs, before anything has changed: module by module, by the one rule.
 * @module
 */
import type { Refusal } from "../../base/refusal.ts";
import type {
  Manifest,
  RunningManifest,
} from "../../protocol/manifest/manifest.ts";
import { NO_SETTINGS } from "../../protocol/manifest/release_settings.ts";
import { inOneGo } from "../../base/in_slices.ts";
import { bare, releaseView, type View } from "../lookup/views.ts";
import { classify } from "../classify.ts";
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

/** State of a module. */
export type ModuleState = LostState;

/**
 * Finds the state that modules keep outside of holders.
 *
 * @param manifest the app
 * @param main the main module of a process
 * @returns the state by module, named or not
 */
export function moduleStates(
  manifest: Manifest,
  main: string,
): readonly ModuleState[] {
  const { loaded, made = {} } = asRunning(manifest, main, true);
  return inOneGo(
    stateIn(
      loaded,
      loaded,
      releaseView(manifest),
      new Map(Object.entries(made)),
    ),
  );
}

/** A process of this very app in which every module has been loaded. */
function asRunning(
  manifest: Manifest,
  main: string,
  preload: boolean,
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
        made: madeAtLoad(loaded, manifest),
        canKeep: { possible: true },
      }
      : {}),
  };
}

/** What functions make for themselves that run while their modules are evaluated. */
function madeAtLoad(
  loaded: readonly string[],
  { analysis }: Manifest,
): Record<string, readonly string[]> {
  return Object.fromEntries(
    loaded.flatMap((path) =>
      (analysis?.[path]?.kept ?? []).filter(({ early }) => early).map((
        { name },
      ) => [`${path}#${name}`, [path]])
    ),
  );
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
