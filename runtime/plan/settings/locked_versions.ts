/** The versions that a lock file has chosen.
 * @module
 */
import { parseJsonc } from "../../protocol/json/jsonc.ts";
import { object } from "../../protocol/json/parse.ts";

/**
 * Reads the versions that a `deno.lock` has chosen, by requirement.
 *
 * Only these are compared, and only where both sides have one: a process adds to its lock file when it starts, and
 * what is new there matters only to modules that import it.
 *
 * @param text the lock file's text
 * @returns versions by requirement, for example `jsr:@std/path@^1.1.0` to `1.1.6`; empty for a text that is not a lock file
 */
export function lockedVersions(text: string): Record<string, string> {
  const versions: Record<string, string> = Object.create(null);
  try {
    const lock = object(parseJsonc(text), "deno.lock");
    const specifiers = object(lock.specifiers ?? {}, "specifiers");
    for (const [requirement, version] of Object.entries(specifiers)) {
      if (typeof version === "string") versions[requirement] = version;
    }
  } catch {
    // Deno refuses to start with a broken lock file; here it only means that nothing can be compared.
  }
  return versions;
}

/**
 * Finds the requirements for which two lock files have chosen different versions.
 *
 * @param before the versions of what runs
 * @param after the versions of the release
 * @returns one text each, for example `npm:hono@4 changes from 4.6.1 to 4.7.0`
 */
export function lockChanges(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  return Object.keys(after).filter((requirement) =>
    Object.hasOwn(before, requirement) &&
    before[requirement] !== after[requirement]
  ).sort().map((requirement) =>
    `${requirement} changes from ${before[requirement]} to ${
      after[requirement]
    }`
  );
}
