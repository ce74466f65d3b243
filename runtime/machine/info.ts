/** What this process says of itself, to its own code and over the control socket.
 * @module
 */
import type { MachineContext } from "./context.ts";
import {
  forecastMemory,
  isPastBudget,
} from "../protocol/machine/retained_memory.ts";
import { fingerprint } from "../protocol/fingerprint.ts";
import type { MachineInfo } from "../protocol/machine/machine_info.ts";
import type { RunningManifest } from "../protocol/manifest/manifest.ts";
import { runningManifest } from "../upgrade/planning/running_manifest.ts";

/** What runs. */
export async function describeMachine(
  { appProcess, settings, startedAt, startedBy }: MachineContext,
  lastUpgradeId: string | null,
  notWatching: string | null,
): Promise<MachineInfo> {
  const { release, retained } = appProcess;
  const memory = forecastMemory(
    { modules: retained.modules, sourceBytes: retained.bytes },
    appProcess.upgrades,
    settings.retainedBudgetBytes,
  );
  await appProcess.openSockets.settle();
  const common = {
    currentImageRef: settings.imageRef,
    fingerprint: await fingerprint(settings.imageRef, release?.sha256 ?? null),
    upgrades: appProcess.upgrades,
    retainedModules: retained.modules,
    retainedBytes: retained.bytes,
    retainedBudgetExceeded: isPastBudget(memory),
    memory,
    ...(notWatching === null ? {} : { notWatching }),
    openSockets: appProcess.openSockets.byModule,
    undrained: appProcess.generations.older,
    startedBy,
    pid: Deno.pid,
    startedAt,
    lastUpgradeId,
    probationMs: settings.probationMs,
  };
  if (!release) return { hotUpgradeApplied: false, ...common };
  const { wanted, sha256, appliedAt } = release;
  return {
    hotUpgradeApplied: true,
    ...common,
    id: wanted.id,
    version: wanted.version,
    sourceImageRef: wanted.sourceImageRef,
    deployedAt: wanted.deployedAt,
    appliedAt,
    sha256,
  };
}

/** What a planner needs to know of this process. */
export async function describeModules(
  { settings, ...context }: MachineContext,
): Promise<RunningManifest> {
  const { imageRef } = settings;
  const { analysis = {}, ...running } = await runningManifest(
    { ...context, imageRef },
    null,
  );
  return {
    ...running,
    analysis: Object.fromEntries(
      // What goes into their texts nobody else asks for.
      Object.entries(analysis).map(([path, { edits: _, ...facts }]) => [
        path,
        facts,
      ]),
    ),
  };
}
