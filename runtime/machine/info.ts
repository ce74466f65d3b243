/** What this process says of itself, to its own code and over the control socket.
 * @module
 */
import type { MachineContext } from "./context.ts";
import { knownPackages } from "../upgrade/known_packages.ts";
import { fingerprint } from "../protocol/fingerprint.ts";
import type { MachineInfo } from "../protocol/machine_info.ts";
import {
  PROTOCOL_VERSION,
  type RunningManifest,
} from "../protocol/manifest.ts";
import { acceptedBy, declinedBy } from "../upgrade/plan_upgrade.ts";

/**
 * What runs.
 *
 * @param context what the process works with
 * @param startedAt when it started watching, RFC 3339
 * @param lastUpgradeId the newest upgrade it has seen an end of, or null
 * @param notWatching why it does not watch for upgrades, or null where it does
 * @returns the answer of `GET /v1/info`
 */
export async function describeMachine(
  { appProcess, settings }: MachineContext,
  startedAt: string,
  lastUpgradeId: string | null,
  notWatching: string | null,
): Promise<MachineInfo> {
  const { release, retained } = appProcess;
  const common = {
    currentImageRef: settings.imageRef,
    fingerprint: await fingerprint(settings.imageRef, release?.sha256 ?? null),
    upgrades: appProcess.upgrades,
    retainedModules: retained.modules,
    retainedBytes: retained.bytes,
    retainedBudgetExceeded: retained.bytes > settings.retainedBudgetBytes,
    ...(notWatching === null ? {} : { notWatching }),
    pid: Deno.pid,
    startedAt,
    lastUpgradeId,
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

/**
 * What a planner needs to know of this process.
 *
 * @param context what the process works with
 * @returns the answer of `GET /v1/manifest`
 */
export async function describeModules(
  { appProcess, settings, files, main }: MachineContext,
): Promise<RunningManifest> {
  const { release, modules } = appProcess;
  const { loaded, live, plain } = modules.current(main);
  const lists = (edges: ReadonlyMap<string, ReadonlySet<string>>) =>
    Object.fromEntries([...edges].map(([from, to]) => [from, [...to]]));
  const states = [...appProcess.holders, ...appProcess.families];
  return {
    protocol: PROTOCOL_VERSION,
    image_ref: settings.imageRef,
    fingerprint: await fingerprint(settings.imageRef, release?.sha256 ?? null),
    release_sha256: release?.sha256 ?? null,
    main,
    files: await currentDigests({ appProcess, files }),
    config: await files.config(),
    locked: await files.locked(),
    loaded: [...loaded].sort(),
    live: lists(live),
    plain: lists(plain),
    accepted: lists(acceptedBy(appProcess)),
    declined: declinedBy(appProcess),
    external: [...await knownPackages(appProcess, files)].sort(),
    holders: Object.fromEntries(
      states.map((
        [name, { definition: { version, module } }],
      ) => [name, { version, module }]),
    ),
  };
}

async function currentDigests(
  { appProcess, files }: Pick<MachineContext, "appProcess" | "files">,
): Promise<Record<string, string>> {
  const digests: [path: string, sha256: string][] = [];
  if (appProcess.release) {
    for (
      const [path, { sha256 }] of Object.entries(
        appProcess.release.manifest.files,
      )
    ) {
      digests.push([path, sha256]);
    }
  } else {
    for (const path of await files.list()) {
      const sha256 = await files.digest(path);
      if (sha256 !== null) digests.push([path, sha256]);
    }
  }
  return Object.fromEntries(digests);
}
