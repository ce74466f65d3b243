/** Whether packages can be had: where the registry cannot be reached, tests that need them say so.
 * @module
 */

/** Downloads packages, so that they are there when a test wants them. */
export async function canBeHad(
  specifiers: readonly string[],
): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--no-lock", "--no-check", ...specifiers],
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}
