/** The oldest Deno that resolves nested imports through a hook correctly.
 * @module
 */
const OLDEST = [2, 9] as const;

/** Refuses a Deno on which upgrades would go wrong. Throws if it is older than 2.9. */
export function requireDeno(version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new Error(
    `Cannot run @flyhot/runtime on Deno ${version}: module hooks resolve nested imports from Deno 2.9 on; raise the Deno version of the image`,
  );
}
