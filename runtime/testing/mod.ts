/**
 * Tests upgrades of an app as they will happen: a real process, a real release, a real transaction.
 *
 * @example The working tree against what runs now
 * ```ts ignore
 * import { testUpgrade } from "@flyhot/runtime/testing";
 *
 * Deno.test("this version can go hot, and loses nothing", async () => {
 *   const { results, text } = await testUpgrade({
 *     versions: [{ git: "main" }, "."],
 *     exercise: async ({ url }) =>
 *       Number(await (await fetch(`${url}/increment`, { method: "POST" })).text()),
 *   });
 *   console.log(text);
 *   if (results[1] !== 2) throw new Error("the count is gone");
 * });
 * ```
 *
 * @example Step by step
 * ```ts ignore
 * import { startApp } from "@flyhot/runtime/testing";
 *
 * Deno.test("a broken migration leaves the old code serving", async () => {
 *   await using app = await startApp({ from: "./v1" });
 *   const report = await app.upgrade("./v2-broken");
 *   if (report.failure?.phase !== "migrate") throw new Error(report.state);
 *   if (!(await fetch(app.url)).ok) throw new Error("it does not serve");
 * });
 * ```
 *
 * @module
 */
export type {
  HolderChange,
  MachineInfo,
  MachineInfoCommon,
  MemoryForecast,
  UpgradeFailure,
  UpgradePhase,
} from "../protocol/mod.ts";
export type { AppVersion, GitVersion } from "./app/app_version.ts";
export {
  type Recorder,
  type RecorderOptions,
  startRecorder,
} from "./rehearsal/recorder.ts";
export type { RehearsalDifference } from "./rehearsal/comparing/compare.ts";
export {
  type RehearsalReport,
  rehearse,
  type RehearseOptions,
} from "./rehearsal/rehearse.ts";
export {
  formatRequests,
  holdsRequests,
  type HttpRequestBlock,
  parseRequests,
  type RehearsalRequest,
  RequestsError,
  type SocketBlock,
  type SocketLine,
} from "./rehearsal/requests.ts";
export type { PackedApp } from "./releases/pack_app.ts";
export { startApp } from "./start_app.ts";
export type { AppSettings, StartAppOptions, TestApp } from "./test_app.ts";
export { TestAppError } from "./test_app_error.ts";
export {
  type ExerciseContext,
  testUpgrade,
  type TestUpgradeOptions,
  type TestUpgradeReport,
} from "./test_upgrade.ts";
export { formatUpgradeReport, type UpgradeReport } from "./upgrade_report.ts";
