/** What this computer and this program are.
 * @module
 */

/** The name of the operating system, for example `linux`, `darwin` or `windows`. */
export const OS: string = Deno.build.os;

/** Whether this program was compiled, so that there is no `deno` to run others with. */
export const IS_COMPILED: boolean = Deno.build.standalone;

/** The path of the `deno` that runs this program. */
export function denoPath(): string {
  return Deno.execPath();
}

/** The environment of this program. */
export function environment(): Readonly<Record<string, string>> {
  return Deno.env.toObject();
}
