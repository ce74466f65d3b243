/** Hot or cold, and why: the one rule, for the machine and for the command.
 * @module
 */
import type {
  Manifest,
  RunningManifest,
} from "../protocol/manifest/manifest.ts";
import { NO_SETTINGS } from "../protocol/manifest/release_settings.ts";
import { bothSettings } from "./settings/both_settings.ts";
import { changesOf } from "./changes.ts";
import {
  changedImageFiles,
  configRefusals,
  translationRefusals,
} from "./rules/config_rule.ts";
import { Consents } from "./rules/consent.ts";
import { fileRefusals } from "./rules/file_rule.ts";
import { inOneGo, oneStep, type Steps } from "../base/in_slices.ts";
import { importRootSteps } from "./reload/import_roots.ts";
import { linkRelease } from "./rules/link_rule.ts";
import {
  analysisRefusals,
  bootRefusals,
  boundaryRefusals,
  commonjsRefusals,
  declinedRefusals,
  foreignRefusals,
  mainRefusals,
  olderRuntime,
} from "./rules/module_rules.ts";
import { packageRefusals, remoteRefusals } from "./rules/package_rule.ts";
import { packageChanges } from "./dependencies/package_changes.ts";
import { changesAnything, type Plan } from "./plan.ts";
import { reachedBy } from "./reload/reached.ts";
import {
  dynamicImports,
  importCalls,
  prunedModules,
  reach,
  workerEdges,
} from "./reload/reach.ts";
import type { Refusal } from "../base/refusal.ts";
import { pathIn, reloadWithMakers } from "./reload/reload_makers.ts";
import { capturesOf } from "./reload/captures.ts";
import { bootModules, reloadSet } from "./reload/reload_set.ts";
import { unmatchedSettings } from "./rules/settings_match.ts";
import { globalRefusals } from "./rules/global_rule.ts";
import { judgeKeep } from "./rules/keep_rule.ts";
import { loopRefusals } from "./rules/loop_rule.ts";
import { judgeSockets, socketsWay } from "./rules/socket_rule.ts";
import { judgeState } from "./rules/state_rule.ts";
import { bare, releaseView, runningView, type View } from "./lookup/views.ts";
import { holdersOf, retainedBytes, unchangedFiles } from "./what_stays.ts";
import {
  unnamedScripts,
  workerAliasRefusals,
  workerLoadRefusals,
  workerRefusals,
  workerScripts,
} from "./rules/worker_rule.ts";

/** Options of {@linkcode classify}. */
export interface ClassifyOptions {
  /** What is consented to for this upgrade, besides what `deno.json` says. Default nothing. */
  readonly consent?: readonly string[];
  /** Modules that lead elsewhere than they did, as only the machine knows. Default none. */
  readonly elsewhere?: ReadonlySet<string>;
  /** Whether it leads back to code that the machine ran before; only the machine knows. Default no. */
  readonly isWayBack?: boolean;
  /** Whether the files that stay as they are are listed, which only people read. Default yes. */
  readonly listsUnchanged?: boolean;
}

/**
 * Says what a release would do to a machine, and why it cannot, if it cannot. Nothing here reads or writes anything.
 *
 * @param manifest the release
 * @param machine what the machine says it runs
 * @param options what is consented to, and what only the machine knows
 * @returns the plan
 */
export function classify(
  manifest: Manifest,
  machine: RunningManifest,
  options: ClassifyOptions = {},
): Plan {
  return inOneGo(classifySteps(manifest, machine, options));
}

/** As {@linkcode classify}, in steps: a machine has requests to answer meanwhile. */
export function* classifySteps(
  manifest: Manifest,
  machine: RunningManifest,
  options: ClassifyOptions = {},
): Steps<Plan> {
  // A module that is loaded with a query as well is still one file.
  const running = {
    ...machine,
    loaded: [...new Set(machine.loaded.map(bare))],
  };
  const said = manifest.settings ?? NO_SETTINGS;
  const isWayBack = options.isWayBack ?? false;
  // What is lost is of the code that runs, whose own deno.json may have named it: a way back must not fail for a name.
  const settings = bothSettings(said, running.settings ?? NO_SETTINGS);
  const consents = new Consents([
    ...settings.consent,
    ...options.consent ?? [],
    ...isWayBack ? running.settings?.consent ?? [] : [],
  ]);
  const release = releaseView(manifest);
  const now = runningView(running, release);
  const has = (path: string) => Object.hasOwn(manifest.files, path);
  const boot = new Set(
    running.boot ?? bootModules(running.main, release.imports),
  );
  // What an upgrade removed stays in memory; there is nothing to evaluate it from.
  const loaded = new Set(running.loaded.filter(has)).union(boot);
  const scripts = yield* workerScripts(running, loaded, now);
  const wantedScripts = yield* workerScripts(
    running,
    Object.keys(manifest.modules),
    release,
  );
  const wanted = yield* reach([
    running.main,
    ...loaded,
    ...scripts.map(({ script }) => script),
    ...wantedScripts.map(({ script }) => script),
  ], (path) => workerEdges(path, manifest, release));
  const inWorkers = yield* reach(
    scripts.map(({ script }) => script),
    (path) => workerEdges(path, manifest, release),
  );
  yield;
  const packages = packageChanges(manifest, running, {
    wanted,
    boot,
    inWorkers,
    release,
  });
  yield;
  const changes = yield* changesOf(
    manifest,
    running,
    loaded,
    wanted,
    release,
    (packages?.importers ?? new Set()).union(options.elsewhere ?? new Set()),
  );
  yield;
  const changed = new Set([...changes.modules, ...changes.files]);
  const pruned = yield* prunedModules(
    manifest,
    running,
    release,
    (path) => changed.has(path) || !has(path),
  );
  const gone = new Set(pruned);
  const named = new Set([
    ...settings.shared,
    ...settings.keep.map(({ at }) => at),
  ]);
  const { rebinds } = running;
  const captures = rebinds === undefined ? null : yield* capturesOf({
    running: now,
    release,
    loaded,
    rebinds,
    served: () =>
      isImported(running.main, [now, release], loaded) ? null : running.main,
    dynamic: (path) => importCalls(path, running),
    started: running.started,
    isChanged: (path) => changed.has(path),
  });
  const reloading = (more: readonly string[]) =>
    reloadSet({
      changed: [...changes.modules, ...more].filter((path) => !gone.has(path)),
      release,
      running: now,
      main: running.main,
      boot,
      loaded,
      gone,
      dynamic: (path) => dynamicImports(path, running),
      captures,
      accepted: new Map(
        Object.entries(running.accepted ?? {}).map((
          [from, to],
        ) => [from, new Set(to)]),
      ),
      isNamed: (path, name) => named.size > 0 && named.has(`${path}#${name}`),
    });
  const made = new Map(Object.entries(running.made ?? {}));
  const set = yield* reloadWithMakers(reloading, {
    made,
    named: settings.keep.map(({ at }) => at).filter((at) =>
      loaded.has(pathIn(at))
    ),
  });

  const { fresh } = set;
  const keep = yield* judgeKeep({
    reload: set.reload,
    fresh: [...fresh],
    running: now,
    release,
    settings,
    consents,
    canKeep: running.canKeep,
    holdsState: Object.keys(running.holders).length > 0,
    importers: packages?.importers ?? new Set(),
    isWayBack,
  });
  const state = yield* judgeState({
    reload: set.reload,
    pruned,
    reasons: set.reasons,
    fresh: [...fresh, ...set.mapped],
    loaded: [...loaded, ...pruned],
    running: now,
    release,
    settings,
    consents,
    canKeep: running.canKeep?.possible ?? false,
    made,
    kept: keep.judged,
    isWayBack,
  });
  const sockets = judgeSockets(
    running,
    [...set.reload, ...gone],
    socketsWay(settings.sockets, running, isWayBack),
    isWayBack,
  );
  const mapped = new Set(set.mapped);
  const linked = [...wanted].filter((path) => has(path));
  const refusals: Refusal[] = [
    ...mainRefusals(manifest, running),
    ...(yield* oneStep(
      configRefusals(manifest, running, packages !== null, wanted),
    )),
    ...packages
      ? [...packages.refusals, ...remoteRefusals(manifest, running, wanted)]
      : (yield* oneStep(packageRefusals(manifest, running, wanted))),
    ...bootRefusals(set, running.main),
    ...declinedRefusals(set, running),
    ...foreignRefusals(set, running),
    ...(yield* oneStep(commonjsRefusals(set, manifest, running, release))),
    ...(yield* oneStep(
      translationRefusals(manifest, [...set.reload, ...fresh]),
    )),
    ...(yield* linkRelease(linked, release, has)),
    ...(yield* oneStep(boundaryRefusals(manifest, running, gone, now))),
    ...(yield* oneStep(analysisRefusals(set, manifest, running, release))),
    ...keep.refusals,
    ...state.refusals,
    ...sockets.refusals,
    ...loopRefusals([...set.reload, ...gone], now, loaded, consents),
    ...globalRefusals({
      replaced: [...set.reload, ...gone],
      evaluated: [...set.reload, ...fresh],
      loaded,
      running: now,
      release,
      consents,
      isWayBack,
    }),
    ...(yield* workerRefusals(
      [
        ...scripts,
        ...(yield* unnamedScripts(loaded, { manifest, running, now })),
      ],
      new Set([...changed, ...changes.removed]),
      { manifest, running, release, consents },
    )),
    ...(yield* workerAliasRefusals(
      wantedScripts,
      { manifest, running, release, consents },
    )),
    ...(yield* workerLoadRefusals(
      [...set.reload, ...fresh],
      new Set([...changed, ...changes.removed]),
      { manifest, release },
    )),
    ...fileRefusals(
      changes,
      settings,
      running,
      (path) => mapped.has(path) && !inWorkers.has(path),
    ),
  ];
  yield;
  const plan: Plan = {
    hot: refusals.length === 0,
    reload: set.reload,
    reasons: set.reasons,
    rebound: Object.fromEntries(
      [...set.rebound].map(([path, by]) => [path, {
        by,
        names: [
          ...new Set(by.flatMap((it) => captures!.namesOf(it, path))),
        ].sort(),
      }]),
    ),
    roots: yield* importRootSteps(set.reload, release.imports),
    mapped: set.mapped,
    fresh,
    files: changes.files,
    removed: changes.removed,
    unchanged: options.listsUnchanged === false
      ? []
      : yield* unchangedFiles(manifest, running, set.reload),
    pruned,
    refusals,
    warnings: unmatchedSettings(said, consents, {
      manifest,
      running,
      release,
      now,
    }),
    notes: [
      ...changes.ignored.length > 0
        ? [`changed, but not used by the app: ${changes.ignored.join(", ")}`]
        : [],
      ...sockets.notes,
      ...changedImageFiles(manifest, running).map((path) =>
        `${path} has changed: takes effect at the next cold deploy`
      ),
      ...consents.used.map((text) => `consented to: ${text}`),
    ],
    packages: packages?.changes ?? [],
    linked: linked.length,
    retained_bytes: retainedBytes(manifest, set.reload),
    holders: holdersOf(running, set.reload, gone),
    startsAnew: state.startsAnew,
    kept: settings.keep,
    reaches: reachedBy(running, keep.taken, set.reload),
    taken: keep.taken,
  };
  return running.analysis === undefined && changesAnything(plan)
    ? {
      ...plan,
      hot: false,
      refusals: [olderRuntime(running.main), ...refusals],
    }
    : plan;
}

/** Whether any module that is loaded imports one, or will. */
function isImported(
  path: string,
  views: readonly View[],
  loaded: ReadonlySet<string>,
): boolean {
  return views.some((view) =>
    loaded.values().some((it) => view.imports(it).includes(path))
  );
}
