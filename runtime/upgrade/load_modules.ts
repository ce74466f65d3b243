/** Loads the new modules while the old ones serve.
 * @module
 */
import { pause } from "../base/waiting/pause.ts";
import { within } from "../base/waiting/deadline.ts";
import { generations } from "../modules/generations.ts";
import type { Staging } from "../state/staging.ts";
import { GlobalChange } from "./changes/global_change.ts";
import { KeptChange } from "./changes/kept_change.ts";
import { RebindChange } from "./changes/rebind_change.ts";
import { CallerChange } from "./changes/caller_change.ts";
import type { RefreshedBoundaries } from "../modules/live/live_boundaries.ts";
import type { StagedTable } from "../modules/module_table.ts";
import type { UnpackedRelease } from "../release/unpack/folders.ts";
import type { AppProcess } from "../process/process.ts";
import { UpgradeError, upgradeError } from "../base/upgrade_error.ts";
import type { LockFile } from "../plan/dependencies/lock_file.ts";
import type { ServedAddress } from "../process/servers/hand_over.ts";
import { consentAddress } from "../process/servers/listen_key.ts";
import { checkLinks } from "./add_packages.ts";
import { placedError, placedStack } from "./placed_error.ts";
import type { UpgradePlan } from "./planning/plan_upgrade.ts";

const CLAIM_POLL_MS = 10;
const CLAIM_GRACE_MS = 50;
/** For a top level that never ends and serves nothing: nobody can tell when it has got going. */
const ENDLESS_GRACE_MS = 250;

/** New modules that are loaded and wait. */
export interface Prepared {
  /** Their URLs. */
  readonly staged: StagedTable;
  /** What they declare. */
  readonly staging: Staging;
  /** Who meets them, and what they own. */
  readonly callers: CallerChange;
  /** What the live boundaries will stand for. */
  readonly boundaries: RefreshedBoundaries;
  /** The values that they have taken over. */
  readonly kept: KeptChange;
  /** How the globals were that they have set. */
  readonly globals: GlobalChange;
  /** What importers that stay will call. */
  readonly rebinding: RebindChange;
}

/**
 * Imports the reload set by its roots; what it declares goes to a staging area. Throws if a module does not load in
 * time; everything staged is discarded then.
 */
export async function prepare(
  plan: UpgradePlan,
  release: UnpackedRelease | null,
  appProcess: AppProcess,
  timeoutMs: number,
  consent: readonly string[] = [],
  lock: LockFile | null = null,
): Promise<Prepared> {
  const { modules, boundaries } = appProcess;
  const table = modules.table!;
  const folder = release ? table.releaseFolder(release.sha256) : table.root;
  // What is gone is looked for there too, and is not found.
  const staged = table.stage(folder, [
    ...plan.reload,
    ...plan.mapped,
    ...plan.gone,
  ]);
  const staging = appProcess.openStaging(staged.attempt);
  const callers = new CallerChange(appProcess, {
    attempt: staged.attempt,
    folder: release && folder,
    replaced: new Set([...plan.reload, ...plan.gone]),
    ...plan.sockets === undefined ? {} : { sockets: plan.sockets },
  });
  const kept = new KeptChange(
    appProcess,
    plan.taken,
    plan.keep,
    new Set([...plan.reload, ...plan.gone]),
    staged.attempt,
    plan.lines,
  );
  const globals = new GlobalChange(plan.globals);
  const rebinding = new RebindChange(
    appProcess,
    staged.attempt,
    plan.reload,
    plan.rebound,
  );
  modules.staged = staged;
  if (release) modules.leads.releases.set(staged.attempt, release.manifest);
  appProcess.fileReads.begin(staged.attempt, plan.reads);
  const load = (): Promise<RefreshedBoundaries> => {
    const { attempt } = staged;
    const started = (path: string): Promise<unknown> =>
      generations.inAttempt(
        attempt,
        () => modules.importStaged(path),
        path,
      );
    // What boundaries import is theirs, unless their thunks import something else this time.
    const { targets } = boundaries;
    const roots = plan.roots.filter(isScript);
    const led = roots.filter((path) => targets.has(path));
    modules.unevaluated = new Set(led.map((path) => modules.stagedUrl(path)));
    const imports = roots.filter((path) => !targets.has(path)).map(started);
    const served = servedMain(plan, appProcess);
    if (served) {
      const evaluated = Promise.all(imports);
      imports.push(
        generations.inAttempt(
          attempt,
          () => evaluated.then(() => served.load()),
          served.path,
        ),
      );
    }
    const refreshed = generations.inAttempt(
      attempt,
      () => boundaries.refresh(new Set(plan.reload)),
    );
    // A thunk may decide again what it imports, or get over what fails.
    imports.push(refreshed.then(() =>
      Promise.all(
        led.filter((path) => modules.unevaluated.has(modules.stagedUrl(path)))
          .map(started),
      )
    ));
    // Several may fail, and only the first is reported.
    for (const pending of [refreshed, ...imports]) pending.catch(() => {});
    const isEndless = plan.roots.some((path) =>
      appProcess.evaluations.goesOn(table.current(table.placeOf(path)))
    );
    return settled(refreshed, imports, missing, hasEnded, isEndless);
  };
  const consents = new Set([
    ...consent,
    ...release?.manifest.settings?.consent ?? [],
  ]);
  const onlyThere = appProcess.addresses.get(release?.sha256 ?? null);
  const isWayBack = appProcess.ran.has(release?.sha256 ?? null);
  const missing = () =>
    callers.unclaimed.filter(({ address }) =>
      !consents.has(serverConsent(address)) &&
      // On a way back, what only the newer code serves ends with it.
      (!isWayBack || onlyThere?.has(address) === true)
    );
  const noted = appProcess.evaluatedCode.load(
    plan.reload.map((path) => release?.manifest.analysis?.[path]),
  );
  let isOver = false;
  const hasEnded = () => isOver || callers.refused.length > 0;
  let forget = () => {};
  try {
    forget = await modules.readAhead(plan.reload);
    const swappable = await within(
      timeoutMs,
      () => callers.guarded(load),
      () => late(plan, missing(), boundaries.waiting, timeoutMs),
    );
    if (release && lock) {
      checkLinks(plan, release.manifest, lock, modules.packages);
    }
    kept.seal();
    rebinding.prepare();
    const [refused] = callers.refused;
    if (refused !== undefined) throw new UpgradeError("load", refused);
    callers.loaded();
    appProcess.fileReads.end(staged.attempt);
    return {
      staged,
      staging,
      callers,
      boundaries: swappable,
      kept,
      globals,
      rebinding,
    };
  } catch (error) {
    discard({ staged, staging, callers, kept, globals }, appProcess);
    const stack = placedStack(error, table);
    if (stack !== null) appProcess.logger.error(stack);
    const placed = placedError(error, table);
    throw upgradeError("load", "Cannot load the new modules", placed);
  } finally {
    isOver = true;
    noted.end();
    forget();
  }
}

/**
 * Waits for modules to load: their top level has ended and serves what it is to serve, be it by a main function that
 * nobody waits for. One that waits for its own server to end has loaded when it serves; one that goes on for as long as
 * the process, and whose predecessor did, has loaded when it has had a moment to begin.
 */
async function settled(
  refreshed: Promise<RefreshedBoundaries>,
  imports: readonly Promise<unknown>[],
  missing: () => readonly unknown[],
  isOver: () => boolean,
  isEndless: boolean,
): Promise<RefreshedBoundaries> {
  const isServer = missing().length > 0;
  let isEvaluated = false;
  let failure: { readonly error: unknown } | null = null;
  const evaluated = Promise.all(imports).then(() => {
    isEvaluated = true;
  });
  evaluated.catch((error) => {
    failure = { error };
  });
  const boundaries = await refreshed;
  if (!isServer && !isEndless) {
    await evaluated;
    return boundaries;
  }
  while (missing().length > 0 && !isOver()) {
    await pause(CLAIM_POLL_MS);
    if (failure !== null) await evaluated;
  }
  // What comes right after the call that listens belongs to the top level too.
  const graceMs = isServer ? CLAIM_GRACE_MS : ENDLESS_GRACE_MS;
  if (!isEvaluated) await Promise.race([evaluated, pause(graceMs)]);
  return boundaries;
}

/** The main module, where somebody serves what it exports and the upgrade loads it. */
function servedMain(plan: UpgradePlan, { modules, onMain }: AppProcess) {
  const path = modules.main && modules.pathOf(modules.main.url);
  if (path === null || onMain === null || !plan.reload.includes(path)) {
    return null;
  }
  return {
    path,
    load: async () => onMain(await modules.importStaged(path)),
  };
}

function late(
  plan: UpgradePlan,
  missing: readonly ServedAddress[],
  boundaries: readonly string[],
  timeoutMs: number,
): UpgradeError {
  const waiting = boundaries.map((it) => `; ${it}`).join("");
  if (missing.length === 0) {
    return new UpgradeError(
      "load",
      `Cannot load the new modules: their top level did not settle within ${timeoutMs} ms (${
        plan.roots.join(", ")
      })${waiting}`,
    );
  }
  return new UpgradeError(
    "load",
    `Cannot load the new modules: within ${timeoutMs} ms they did not serve ${
      missing.map(({ address }) => address).join(", ")
    }, which the modules that they replace serve (${
      plan.roots.join(", ")
    }); serve there again, or give it up (consent ${
      missing.map(({ address }) => `"${serverConsent(address)}"`).join(", ")
    })${waiting}`,
    {
      refusals: missing.map(({ address, place }) => ({
        rule: "server",
        path: place ?? plan.roots[0] ?? "",
        line: place === null ? 0 : plan.lines.serves(place),
        column: 0,
        subject: address,
        why:
          "is served by the modules that are replaced, and not by the new ones",
        remedy: "serve there again",
        consent: serverConsent(address),
      })),
    },
  );
}

/** What an app consents to where it serves an address no more: `server:8081`. */
function serverConsent(address: string): string {
  return `server:${consentAddress(address)}`;
}

/** Forgets new modules that do not come in. Deno keeps their memory all the same, so they count as retained. */
export function discard(
  { staged, staging, callers, kept, globals }: Omit<
    Prepared,
    "boundaries" | "rebinding"
  >,
  appProcess: AppProcess,
): void {
  staging.discard();
  kept.discard();
  globals.undo();
  // Remembered for what its modules still declare, and not for what they were to replace.
  staging.newSource = staging.oldSource = null;
  appProcess.fileReads.end(staged.attempt);
  callers.discard();
  appProcess.modules.staged = null;
  appProcess.modules.leads.releases.delete(staged.attempt);
  appProcess.modules.keeping.settable.forget(staged.attempt);
  appProcess.modules.keeping.moved.forget(staged.attempt);
  appProcess.retained.modules +=
    appProcess.modules.loadedBy(staged.attempt).length;
  appProcess.modules.forgetOld();
}

function isScript(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path);
}
