/** The live boundary of user code.
 * @module
 */
import { callingModules } from "../modules/caller.ts";
import { attemptOf } from "../modules/module_urls.ts";
import { appProcess } from "../process/process.ts";

/**
 * Imports a module so that callers always reach its newest version.
 *
 * An upgrade reloads changed modules and their importers up to the next live boundary; the importer of a live
 * boundary keeps running. Call members through the returned object (`app.handle(req)`): a member taken out of it
 * stays what it was.
 *
 * If a release that `reapply()` brought in at boot does not load, it is taken out and the module of the image is
 * imported instead.
 *
 * @param thunk a function that imports the module, and may pick something out of it
 * @returns an object that stands for the newest version
 * @throws {TypeError} if the thunk imports no module of the app, or does not resolve to an object or a function
 * @throws whatever the module throws while it is evaluated
 *
 * @example
 * ```ts ignore
 * import { live, reapply } from "@flyhot/runtime";
 *
 * await reapply();
 * const app = await live(() => import("./app.ts"));
 * Deno.serve((request) => app.handle(request));
 * ```
 */
export async function live<T extends object>(
  thunk: () => Promise<T>,
): Promise<T> {
  const { boundaries, bootTrial } = appProcess;
  const [caller = ""] = callingModules();
  const line = appProcess.callers.lineIn(caller);
  // A boundary inside the release is a part of what is on trial, not its judge.
  const trial = attemptOf(caller) === null ? bootTrial : null;
  appProcess.opening++;
  try {
    const boundary = await boundaries.open(thunk, line);
    // Word of it goes to the bucket, which the app must not wait for.
    trial?.confirm();
    return boundary;
  } catch (error) {
    if (await trial?.fail(error)) return await boundaries.open(thunk, line);
    throw error;
  } finally {
    appProcess.opening--;
  }
}
