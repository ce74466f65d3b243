/** Programs that a test needs and that may not be there.
 * @module
 */

/** Why there is no gateway. */
export class Unavailable extends Error {}

/** Runs a program to its end and gives what it wrote; throws {@linkcode Unavailable} where it is not there or fails. */
export async function run(
  program: string,
  args: readonly string[],
  msMax: number,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  let output;
  try {
    output = await new Deno.Command(program, {
      args: [...args],
      env: { DEBIAN_FRONTEND: "noninteractive", ...env },
      stdin: "null",
      signal: AbortSignal.timeout(msMax),
    }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Unavailable(`there is no ${program}`);
  }
  if (output.success) return new TextDecoder().decode(output.stdout);
  const said = new TextDecoder().decode(output.stderr).trim().split("\n");
  throw new Unavailable(
    `${program} ended with ${output.code}: ${said.at(-1)?.slice(0, 200)}`,
  );
}
