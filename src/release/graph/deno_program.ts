/** The `deno` that reads module graphs: the running one, or for a compiled flyhot the one on PATH.
 * @module
 */
import { FlyhotError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { OLDEST_DENO } from "../../version.ts";

/** What to run. */
export function denoProgram({ execPath }: Pick<Host, "execPath">): string {
  return /(^|[\\/])deno(\.exe)?$/i.test(execPath) ? execPath : "deno";
}

/** The error for a missing `deno`; `what` could not be done. */
export function denoMissing(what: string, cause?: unknown): FlyhotError {
  return new FlyhotError("not_found", `${what}: there is no deno on PATH`, {
    hint:
      `install Deno ${OLDEST_DENO} or later; the compiled flyhot needs it too`,
    cause,
  });
}

/** Throws where there is no `deno`, before anything is built, locked or written. */
export async function requireDeno(
  host: Pick<Host, "execPath" | "run">,
  what: string,
  signal?: AbortSignal,
): Promise<void> {
  const program = denoProgram(host);
  if (program === host.execPath) return;
  try {
    await host.run(program, ["--version"], { signal });
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== "NotFound") throw cause;
    throw denoMissing(what, cause);
  }
}
