/** The packages that an upgrade brings, made ready before anything of the release is evaluated.
 * @module
 */
import { join } from "node:path";
import { within } from "../base/deadline.ts";
import { UpgradeError } from "../base/upgrade_error.ts";
import { errorText } from "../base/error_text.ts";
import type { PackageLoading, SeenLinks } from "../modules/package_loading.ts";
import {
  closureOf,
  importable,
  type LockFile,
  nameOf,
  readLockFile,
  versionOf,
} from "../plan/dependencies/lock_file.ts";
import { packageOfUrl } from "../plan/dependencies/package_urls.ts";
import { targetInRelease } from "../modules/release_specifiers.ts";
import type { Manifest } from "../protocol/manifest.ts";
import type { UnpackedRelease } from "../release/folders.ts";
import type { UpgradePlan } from "./plan_upgrade.ts";

/**
 * Makes ready what the modules of an upgrade import and the process does not have.
 *
 * @param plan what the upgrade does
 * @param release the release
 * @param packages the packages of the process
 * @param timeoutMs how long all downloads together may take, in milliseconds
 * @returns what the release's lock file pins
 * @throws {UpgradeError} if a package cannot be had; nothing has been evaluated then
 */
export async function addPackages(
  plan: UpgradePlan,
  release: UnpackedRelease,
  packages: PackageLoading,
  timeoutMs: number,
): Promise<LockFile> {
  const lock = await lockOf(release);
  const names = plan.packages.map(({ to }) => importable(to)).join(", ");
  await within(
    timeoutMs,
    async () => {
      for (const change of plan.packages) {
        await steer(change.to, lock, packages);
        for (const specifier of change.specifiers) {
          await addOne(specifier, change.to, packages);
        }
      }
      if (!plan.canAddPackages) return;
      for (const [specifier, exact] of missing(plan, release, packages)) {
        const { url } = await packages.where(specifier);
        if (url === null) await addOne(exact, exact, packages);
      }
    },
    () =>
      new UpgradeError(
        "prepare",
        `Cannot load ${
          names || "packages"
        }: the download took longer than ${timeoutMs} ms`,
        { transient: true },
      ),
  );
  for (const { exact, closure, depends } of pinnedOf(release.manifest)) {
    if (exact === null || packages.known.has(importable(exact))) continue;
    if (plan.packages.some(({ to }) => to === exact)) {
      packages.known.set(importable(exact), { closure, depends });
    }
  }
  return lock;
}

/**
 * Compares what packages were seen to import with what the lock file says.
 *
 * @param seen what they imported
 * @param lock the lock file
 * @returns one sentence for each package that got another version than is locked
 */
export function linkedOtherwise(seen: SeenLinks, lock: LockFile): string[] {
  const wrong: string[] = [];
  const locked = new Map<string, string[]>();
  for (const [exact, { dependencies }] of lock.packages) {
    const key = importable(exact);
    locked.set(key, [...locked.get(key) ?? [], ...dependencies]);
  }
  for (const [from, targets] of seen) {
    const dependencies = (locked.get(from) ?? []).map(importable);
    for (const to of targets) {
      const same = dependencies.filter((it) => nameOf(it) === nameOf(to));
      if (same.length === 0 || same.includes(to)) continue;
      wrong.push(
        `${from} got ${nameOf(to)} ${versionOf(to)}, and deno.lock has ${
          same.map(versionOf).join(" or ")
        }`,
      );
    }
  }
  return wrong;
}

/** Deno takes what it already has for a range: so what is beneath a package comes before it, at the locked versions. */
async function steer(
  exact: string,
  lock: LockFile,
  packages: PackageLoading,
): Promise<void> {
  for (const beneath of closureOf(exact, lock)) {
    if (beneath === exact || lock.packages.get(beneath)?.foreign) continue;
    const specifier = importable(beneath);
    // Only what is at the root of a JSR package could be evaluated; what it imports comes with it.
    if (specifier.startsWith("jsr:")) continue;
    const { url } = await packages.where(specifier);
    if (url !== null) continue;
    try {
      await packages.add(specifier);
    } catch {
      // Whether it was needed shows when the package itself is loaded.
    }
  }
}

async function addOne(
  specifier: string,
  exact: string,
  packages: PackageLoading,
): Promise<void> {
  let said = "";
  const there = await packages.where(specifier);
  if (there.url === null) {
    try {
      await packages.add(specifier);
    } catch (error) {
      said = `: ${errorText(error)}`;
    }
  }
  const lead = await packages.where(specifier);
  if (lead.url === null) {
    throw new UpgradeError(
      "prepare",
      `Cannot load ${specifier}: it cannot be had from its registry${said}`,
      { transient: true },
    );
  }
  if (lead.url === "") {
    throw new UpgradeError(
      "prepare",
      `Cannot load ${specifier}: ${errorText(lead.error)}`,
    );
  }
  const found = packageOfUrl(lead.url);
  if (found !== null && found !== packageOfUrl(importable(exact))) {
    throw new UpgradeError(
      "prepare",
      `Cannot load ${specifier}: Deno answers with ${found}`,
    );
  }
  packages.added.add(specifier);
}

/** What modules of the release import, by what the import map makes of it, with the exact package behind. */
function missing(
  { reload, mapped }: UpgradePlan,
  { manifest }: UnpackedRelease,
  { added }: PackageLoading,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of new Set([...reload, ...mapped])) {
    if (!Object.hasOwn(manifest.modules, path)) continue;
    for (
      const specifier of Object.keys(manifest.modules[path]!.specifiers ?? {})
    ) {
      const target = targetInRelease(manifest, path, specifier);
      if (target?.kind !== "package" || target.exact === null) continue;
      if (!added.has(target.exact)) found.set(target.mapped, target.exact);
    }
  }
  return found;
}

function pinnedOf({ packages }: Manifest) {
  return Object.values(packages ?? {});
}

async function lockOf({ folder }: UnpackedRelease): Promise<LockFile> {
  try {
    return readLockFile(await Deno.readTextFile(join(folder, "deno.lock")));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return readLockFile("");
    throw error;
  }
}
