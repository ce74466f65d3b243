/** Starts an app in a process of its own, to be upgraded by a test.
 * @module
 */
import { RunningApp } from "./running_app.ts";
import type { StartAppOptions, TestApp } from "./test_app.ts";

/**
 * Starts an app from one of its versions, in a real process that believes to be a machine on Fly.
 *
 * Everything else that an upgrade needs is there too: a bucket on loopback, and the `flyhot` command that packs the
 * next version. Nothing leaves this computer.
 *
 * @param options the version to start with, and how
 * @returns the app, which serves
 * @throws {TestAppError} if it does not start, saying what it wrote
 *
 * @example
 * ```ts ignore
 * import { startApp } from "@flyhot/runtime/testing";
 *
 * Deno.test("the counter survives the upgrade", async () => {
 *   await using app = await startApp({ from: { git: "main" } });
 *   await fetch(`${app.url}/increment`, { method: "POST" });
 *   const report = await app.upgrade(".");
 *   if (report.state !== "applied") throw new Error(report.failure?.message);
 *   const count = await (await fetch(`${app.url}/count`)).text();
 *   if (count !== "1") throw new Error(`the count is ${count}`);
 * });
 * ```
 */
export async function startApp(options: StartAppOptions): Promise<TestApp> {
  return await startRunningApp(options);
}

/** The same for the kit itself, which packs and publishes one by one. */
export async function startRunningApp(
  options: StartAppOptions,
): Promise<RunningApp> {
  const app = new RunningApp(
    options,
    await Deno.realPath(await Deno.makeTempDir({ prefix: "flyhot-test-" })),
  );
  try {
    await app.start();
    return app;
  } catch (error) {
    await app[Symbol.asyncDispose]();
    throw error;
  }
}
