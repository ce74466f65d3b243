/** Where each record is in the bucket.
 * @module
 */

/**
 * The key of an app's pointer.
 *
 * @param app the Fly app
 * @returns `releases/<app>-current.json`
 */
export function pointerKey(app: string): string {
  return `releases/${app}-current.json`;
}

/**
 * The key of a release. The version is made safe for a URL path, because a `+` in one is signed as a space.
 *
 * @param app the Fly app
 * @param version the app's version
 * @param sha256 digest of the tarball
 * @returns `releases/<app>-<version>-<digest12>.tar.gz`
 */
export function releaseKey(
  app: string,
  version: string,
  sha256: string,
): string {
  const safe = version.replaceAll(/[^A-Za-z0-9._-]/g, "_").slice(0, 64);
  return `releases/${app}-${safe}-${sha256.slice(0, 12)}.tar.gz`;
}

/**
 * Tells whether a value is the key of a release: one segment under `releases/`, so that no URL can lead out of it.
 *
 * @param value anything
 * @returns true for what {@linkcode releaseKey} gives
 */
export function isReleaseKey(value: unknown): value is string {
  return typeof value === "string" && value.length <= 512 &&
    /^releases\/[A-Za-z0-9._-]+\.tar\.gz$/.test(value);
}

/**
 * The key of one machine's result, or with no machine the prefix of all results of an upgrade.
 *
 * @param app the Fly app
 * @param upgradeId the upgrade
 * @param machineId the machine; left out for the prefix
 * @returns `releases/<app>-results/<upgrade id>/<machine id>.json`
 */
export function resultKey(
  app: string,
  upgradeId: string,
  machineId?: string,
): string {
  const folder = `releases/${app}-results/${upgradeId}/`;
  return machineId === undefined ? folder : `${folder}${machineId}.json`;
}

/**
 * The key of the record of a machine's start.
 *
 * @param app the Fly app
 * @param machineId the machine
 * @returns `releases/<app>-starts/<machine id>.json`
 */
export function startKey(app: string, machineId: string): string {
  return `releases/${app}-starts/${machineId}.json`;
}

/**
 * The key of an app's deploy lock.
 *
 * @param app the Fly app
 * @returns `releases/<app>-deploy.lock`
 */
export function lockKey(app: string): string {
  return `releases/${app}-deploy.lock`;
}
