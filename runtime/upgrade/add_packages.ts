/** The packages that an upgrade brings, made ready before anything of the release is evaluated.
 * @module
 */
import { nativeFiles } from "../base/platform/native_files.ts";
import { join } from "node:path";
import { within } from "../base/waiting/deadline.ts";
import { UpgradeError } from "../base/upgrade_error.ts";
import { errorText } from "../base/error_text.ts";
import type {
  PackageLoading,
  SeenLinks,
} from "../modules/packages/package_loading.ts";
import {
  closureOf,
  importable,
  type LockFile,
  nameOf,
  readLockFile,
  versionOf,
} from "../plan/dependencies/lock_file.ts";
import { packageOfUrl } from "../plan/dependencies/package_urls.ts";
import { targetInRelease } from "../modules/packages/release_specifiers.ts";
import type { Manifest } from "../protocol/manifest/manifest.ts";
import type { UnpackedRelease } from "../release/unpack/folders.ts";
import type { UpgradePlan } from "./planning/plan_upgrade.ts";

/**
 * Makes ready what the modules of an upgrade import and the process does not have. Throws if a package cannot be had;
 * nothing has been evaluated then.
 */
export async function addPackages(
  plan: UpgradePlan,
  release: UnpackedRelease,
  packages: PackageLoading,
  timeoutMs: number,
): Promise<LockFile> {
  // It may be long, and says nothing where no package comes in.
  const lock = plan.packages.length > 0
    ? await lockOf(release)
    : readLockFile("");
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
        "load",
        `Cannot load ${
          names || "packages"
        }: the download took longer than ${timeoutMs} ms`,
        { transient: true },
      ),
  );
  return lock;
}

/**
 * Holds what the new packages were seen to import against the lock file, and notes what the process has now. Throws
 * naming each package that got another version than is locked.
 */
export function checkLinks(
  plan: UpgradePlan,
  manifest: Manifest,
  lock: LockFile,
  packages: PackageLoading,
): void {
  const brought = new Set<string>();
  for (const { to } of plan.packages) {
    for (const exact of closureOf(to, lock)) brought.add(exact);
  }
  const wrong = linkedOtherwise(packages.links, lock, brought);
  if (wrong.length > 0) {
    throw new UpgradeError(
      "load",
      `Cannot load the packages as they are locked: ${wrong.join("; ")}`,
    );
  }
  for (const pinned of Object.values(manifest.packages ?? {})) {
    const { exact, closure, depends } = pinned;
    if (exact !== null && brought.has(exact)) {
      packages.known.set(importable(exact), { closure, depends });
    }
  }
}

/** Compares what packages were seen to import with what a lock file says. */
export function linkedOtherwise(
  seen: SeenLinks,
  lock: LockFile,
  asked: Iterable<string>,
): string[] {
  const locked = new Map<string, string[]>();
  for (const exact of asked) {
    const key = importable(exact);
    locked.set(key, [
      ...locked.get(key) ?? [],
      ...(lock.packages.get(exact)?.dependencies ?? []).map(importable),
    ]);
  }
  const wrong: string[] = [];
  for (const [from, dependencies] of locked) {
    for (const to of seen.get(from) ?? []) {
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
      "load",
      `Cannot load ${specifier}: it cannot be had from its registry${said}`,
      { transient: true },
    );
  }
  if (lead.url === "") {
    throw new UpgradeError(
      "load",
      `Cannot load ${specifier}: ${errorText(lead.error)}`,
    );
  }
  const found = packageOfUrl(lead.url);
  if (found !== null && found !== packageOfUrl(importable(exact))) {
    throw new UpgradeError(
      "load",
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

async function lockOf(
  { folder, manifest: { appFolder = "" } }: UnpackedRelease,
): Promise<LockFile> {
  for (const place of new Set([join(folder, appFolder), folder])) {
    try {
      return readLockFile(
        await nativeFiles.readTextFile(join(place, "deno.lock")),
      );
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return readLockFile("");
}
