/** Takes an app through its versions and exercises each one.
 * @module
 */
import { errorText } from "../base/error_text.ts";
import type { MachineInfo } from "../protocol/machine/machine_info.ts";
import { type AppVersion, nameOf } from "./app/app_version.ts";
import { startApp } from "./start_app.ts";
import type { AppSettings, TestApp } from "./test_app.ts";
import { TestAppError } from "./test_app_error.ts";
import { formatUpgradeReport, type UpgradeReport } from "./upgrade_report.ts";

/** What an exercise is told. */
export interface ExerciseContext {
  /** Where the app listens, without a slash at the end. */
  readonly url: string;
  /** The version that runs. */
  readonly version: AppVersion;
  /** Its place in `versions`. */
  readonly index: number;
  /** What the upgrade to it did, or null for the version that the app was started with. */
  readonly report: UpgradeReport | null;
  /** Whether the app came to it on its way back from a later version. */
  readonly isBack: boolean;
  /** The app. */
  readonly app: TestApp;
}

/** Options of {@linkcode testUpgrade}. */
export interface TestUpgradeOptions<T> extends AppSettings {
  /** The versions, at least two; the app is started with the first and upgraded to the others in turn. */
  readonly versions: readonly AppVersion[];
  /** Uses the app as its users do, and throws where it does not behave; called for each version. */
  readonly exercise: (context: ExerciseContext) => T | Promise<T>;
  /** Whether to go all the way back afterwards, by the `down` migrations, exercising each version again. Default false. */
  readonly andBack?: boolean;
  /** Whether to restart the app at the end, and see that it comes up with the code it ran before. Default true. */
  readonly restart?: boolean;
}

/** What {@linkcode testUpgrade} saw. */
export interface TestUpgradeReport<T> {
  /** What each upgrade did, in order. */
  readonly upgrades: readonly UpgradeReport[];
  /** What each exercise returned, in order. */
  readonly results: readonly T[];
  /** What the app said of itself after the restart, or null where there was none. */
  readonly restarted: MachineInfo | null;
  /** All that the app wrote, line by line. */
  readonly log: readonly string[];
  /** One line for each upgrade, for the output of a test. */
  readonly text: string;
}

/**
 * Starts an app with its first version, upgrades it to the others while it runs, and exercises it before and after
 * each upgrade.
 *
 * @param options the versions, the exercise, and how the app is run
 * @returns what was seen
 * @throws {TestAppError} if the app does not start, an upgrade is refused, an exercise throws, or the app runs other code after a restart
 * @throws {RangeError} if there are fewer than two versions
 *
 * @example
 * ```ts ignore
 * import { testUpgrade } from "@flyhot/runtime/testing";
 *
 * Deno.test("the working tree upgrades what main runs", async () => {
 *   const counts: number[] = [];
 *   const report = await testUpgrade({
 *     versions: [{ git: "main" }, "."],
 *     exercise: async ({ url }) => {
 *       const answer = await fetch(`${url}/increment`, { method: "POST" });
 *       counts.push(Number(await answer.text()));
 *     },
 *   });
 *   console.log(report.text); // 2.0.0: applied, reloaded 2 of 6 modules (…), …
 *   if (counts[1] !== 2) throw new Error("the upgrade lost the count");
 * });
 * ```
 */
export async function testUpgrade<T>(
  options: TestUpgradeOptions<T>,
): Promise<TestUpgradeReport<T>> {
  const { versions, exercise, andBack = false, restart = true } = options;
  const [first, ...later] = versions;
  if (first === undefined || later.length === 0) {
    throw new RangeError(
      `Cannot test an upgrade with ${versions.length} versions: it takes at least two`,
    );
  }
  await using app = await startApp({ ...options, from: first });
  const upgrades: UpgradeReport[] = [];
  const results: T[] = [];
  const exerciseAt = async (
    index: number,
    report: UpgradeReport | null,
    isBack: boolean,
  ) => {
    const version = versions[index]!;
    try {
      results.push(
        await exercise({ url: app.url, version, index, report, isBack, app }),
      );
    } catch (cause) {
      const why = errorText(cause);
      throw new TestAppError(
        `Cannot exercise ${nameOf(version)} (version ${
          index + 1
        } of ${versions.length}${isBack ? ", on the way back" : ""}): ${why}`,
        { cause },
      );
    }
  };
  const step = async (
    index: number,
    isBack: boolean,
    bring: () => Promise<UpgradeReport>,
  ) => {
    const report = await bring();
    if (report.failure) {
      throw new TestAppError(
        `Cannot upgrade ${isBack ? "back " : ""}to ${
          nameOf(versions[index]!)
        } (version ${
          index + 1
        } of ${versions.length}): ${report.state} in ${report.failure.phase}: ${report.failure.message}; the app wrote:`,
        { report, log: report.log },
      );
    }
    upgrades.push(report);
    await exerciseAt(index, report, isBack);
  };
  await exerciseAt(0, null, false);
  for (const [at, version] of later.entries()) {
    await step(at + 1, false, () => app.upgrade(version));
  }
  if (andBack) {
    for (let index = versions.length - 2; index >= 0; index--) {
      await step(index, true, () => app.rollback());
    }
  }
  return {
    upgrades,
    results,
    restarted: restart ? await restartedAsBefore(app) : null,
    log: app.log,
    text: upgrades.map(formatUpgradeReport).join("\n"),
  };
}

async function restartedAsBefore(app: TestApp): Promise<MachineInfo> {
  const before = await app.info();
  const after = await app.restart();
  if (after.fingerprint === before.fingerprint) return after;
  const name = (info: MachineInfo) =>
    info.hotUpgradeApplied ? info.version : "the first version";
  throw new TestAppError(
    `Cannot restart the app as it was: it ran ${name(before)} before and runs ${
      name(after)
    } after; it wrote:`,
    { log: app.log },
  );
}
