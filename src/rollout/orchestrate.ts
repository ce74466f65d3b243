/** A hot upgrade from end to end.
 * @module
 */
import { errorText } from "@flyhot/runtime/protocol";
import { type HotSurface, hotSurface } from "@flyhot/runtime/plan";
import { FlyhotError } from "../errors.ts";
import { publishRelease } from "../release/publish.ts";
import type { ReleaseToSign, SignStep } from "../release/signing.ts";
import { acquireLock } from "./lock/lock.ts";
import { restingReport, rolloutReport } from "./waves/outcome.ts";
import {
  isUpToDate,
  prepare,
  type Prepared,
  type ReleaseSource,
} from "./prepare.ts";
import { prune } from "./prune.ts";
import { NOTHING_WOULD_CHANGE, type RolloutReport } from "./report.ts";
import { rollOut, type RollOutOptions } from "./roll_out.ts";
import type { RolloutDeps } from "./deps.ts";
import { counted, tell } from "./steps.ts";
import { WokenMachines } from "./machines/wake.ts";

/** Options of {@linkcode orchestrate}. */
export interface OrchestrateOptions extends ReleaseSource, RollOutOptions {
  /** How long the deploy lock holds without renewal, in milliseconds. */
  readonly lockTtlMs: number;
  /** Take the deploy lock over even if somebody holds it. */
  readonly force: boolean;
  /** Only plan: no lock, no write. */
  readonly dryRun: boolean;
  /** Vouches for the release before it is published, or refuses by throwing. Default: it goes unsigned. */
  readonly sign?: SignStep;
}

/** What {@linkcode orchestrate} works with. */
export type OrchestrateDeps = RolloutDeps;

/**
 * Packs a release, plans, publishes it and brings it to all machines, or back from all of them.
 *
 * @param options what to pack, for whom and how
 * @param deps clock, disk, bucket, machines and reporter
 * @param signal interrupts: before the release is published nothing was changed, afterwards the machines are brought back
 * @returns how it ended
 * @throws {FlyhotError} `conflict` if the lock is held or lost or machines run different images, `not_found` if none
 * runs, `usage` if the app cannot be packed, `incomplete` if it was interrupted or cannot be undone
 *
 * @example
 * ```ts ignore
 * import { orchestrate } from "@flyhot/cli/mod";
 * const report = await orchestrate(options, { host, bucket, fleet, reporter });
 * if (report.outcome === "cold") console.error(report.plan?.cold);
 * ```
 */
export async function orchestrate(
  options: OrchestrateOptions,
  deps: OrchestrateDeps,
  signal: AbortSignal = new AbortController().signal,
): Promise<RolloutReport> {
  const { app } = options;
  const { host } = deps;
  const start = host.monotonicNow();
  const elapsed = () => host.monotonicNow() - start;
  try {
    if (options.dryRun) return await planOnly(options, deps, signal, elapsed);
    await using lock = await tell(
      deps,
      { name: "Lock", detail: app },
      () =>
        acquireLock(
          {
            app,
            holder: options.deployedBy,
            purpose: `deploy ${options.version ?? options.root}`,
            ttlMs: options.lockTtlMs,
            force: options.force,
          },
          deps,
          signal,
        ),
    );
    const work = AbortSignal.any([signal, lock.signal]);
    // From here on nothing is written without a look at the lock.
    const held = { ...deps, bucket: lock.guard(deps.bucket) };
    const woken = new WokenMachines(held);
    try {
      const prepared = await prepare(options, held, work, woken);
      try {
        return ended(prepared, elapsed) ??
          await publish(prepared, options, held, woken, {
            interrupted: signal,
            lockLost: lock.signal,
          }, elapsed);
      } finally {
        await prepared.release.dispose();
      }
    } catch (error) {
      if (!saysItself(error)) lock.signal.throwIfAborted();
      throw error;
    } finally {
      await woken.rest();
    }
  } catch (error) {
    if (!signal.aborted || saysItself(error)) throw error;
    throw new FlyhotError(
      "incomplete",
      `Cannot upgrade ${app}: interrupted before anything was changed`,
      { cause: error },
    );
  }
}

/** Errors that stand whatever else was interrupted. */
function saysItself(error: unknown): boolean {
  return error instanceof FlyhotError &&
    (error.code === "conflict" || error.code === "incomplete");
}

async function planOnly(
  options: OrchestrateOptions,
  deps: OrchestrateDeps,
  signal: AbortSignal,
  elapsed: () => number,
): Promise<RolloutReport> {
  const prepared = await prepare(options, deps, signal);
  await prepared.release.dispose();
  const { hot } = prepared.plan;
  return rolloutReport(prepared, {
    outcome: "dry_run",
    summary: isUpToDate(prepared)
      ? NOTHING_WOULD_CHANGE
      : hot
      ? `would go hot to ${counted(prepared.running.length, "machine")}`
      : describeCold(prepared),
    machines: [
      ...prepared.running.map((machine) => restingReport(machine, "queued")),
      ...prepared.resting.map((machine) => restingReport(machine)),
    ],
    surfaces: surfacesOf(prepared),
    total_ms: elapsed(),
  });
}

/** What of each main module that runs can be replaced. */
function surfacesOf({ release, mains = [] }: Prepared): readonly HotSurface[] {
  const { manifest } = release;
  const distinct = new Map(mains.map((it) => [JSON.stringify(it), it]));
  return [...distinct.values()].filter(({ main }) =>
    Object.hasOwn(manifest.modules, main)
  ).map(({ main, preload }) => hotSurface(manifest, main, { preload }));
}

/** The ends of a rollout that write nothing. */
function ended(
  prepared: Prepared,
  elapsed: () => number,
): RolloutReport | null {
  if (!prepared.plan.hot) {
    return rolloutReport(prepared, {
      outcome: "cold",
      summary: describeCold(prepared),
      total_ms: elapsed(),
    });
  }
  if (!isUpToDate(prepared)) return null;
  return rolloutReport(prepared, {
    outcome: "nothing_to_do",
    summary: "the machines run this already",
    total_ms: elapsed(),
  });
}

function describeCold({ plan }: Prepared): string {
  const [first] = plan.cold;
  const more = plan.cold.length - 1;
  return `needs a cold deploy: ${first?.path} ${first?.reason}${
    more > 0 ? `, and ${counted(more, "more change")}` : ""
  }`;
}

function toSign({ release, imageRef }: Prepared): ReleaseToSign {
  const { manifest, sha256 } = release;
  const files = Object.entries(manifest.files)
    .map(([path, file]) => [path, file.sha256] as const);
  return {
    app: manifest.app,
    imageRef,
    sha256,
    files: Object.fromEntries(files),
  };
}

async function publish(
  prepared: Prepared,
  options: OrchestrateOptions,
  deps: OrchestrateDeps,
  woken: WokenMachines,
  signals: Parameters<typeof rollOut>[5],
  elapsed: () => number,
): Promise<RolloutReport> {
  const { app } = options;
  const work = AbortSignal.any([signals.interrupted, signals.lockLost]);
  const { sign } = options;
  const signature = sign && await tell(
    deps,
    { name: "Sign release", result: ({ key }) => `key ${key}` },
    () => sign(toSign(prepared), work),
  );
  const published = await tell(
    deps,
    { name: "Publish release", result: ({ key }) => key },
    () => publishRelease(prepared.release, deps, work),
  );
  const end = await rollOut(
    options,
    prepared,
    signature ? { ...published, signature } : published,
    deps,
    woken,
    signals,
  );
  if (!work.aborted) {
    await tell(
      deps,
      { name: "Prune", result: (count) => counted(count, "old object") },
      () => prune(app, deps, work),
    ).catch((error) => {
      deps.reporter.emit({ type: "note", text: errorText(error) });
    });
  }
  return rolloutReport(prepared, { ...end, total_ms: elapsed() });
}
