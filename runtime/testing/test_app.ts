/** An app under test: how it is started, and what a test can do with it.
 * @module
 */
import type { MachineInfo } from "../protocol/machine/machine_info.ts";
import type { AppVersion } from "./app/app_version.ts";
import type { PackedApp } from "./releases/pack_app.ts";
import type { UpgradeReport } from "./upgrade_report.ts";

/** How an app is started and upgraded. */
export interface AppSettings {
  /** The app's main module. Default `main.ts`. */
  readonly main?: string;
  /** What the main module may do, as flags of `deno run`. Default `["-A"]`. */
  readonly permissions?: readonly string[];
  /** The app's folder within its versions, where these are folders above it: that of an app with `"root": ".."`. Default the version's folder itself. */
  readonly folder?: string;
  /** How the app is started, where it is not `deno run <permissions> <main>`; run in the app's folder. */
  readonly command?: readonly string[];
  /** Variables of the app's environment, besides those of the test and those that Fly sets. */
  readonly env?: Readonly<Record<string, string>>;
  /** The Fly app's name. Default `test-app`. */
  readonly app?: string;
  /** Whether the app listens on `PORT`; its start then ends when it does. Default true. */
  readonly listens?: boolean;
  /** The port that the app listens on, where it does not read `PORT`. Default one that is free. */
  readonly port?: number;
  /** How long a start may take, in milliseconds. Default 30000. */
  readonly startTimeoutMs?: number;
  /** How long packing, and then the upgrade, may take, in milliseconds. Default 60000. */
  readonly upgradeTimeoutMs?: number;
  /** How long the app may take to end after SIGTERM, in milliseconds. Default 5000. */
  readonly stopTimeoutMs?: number;
  /** How the `flyhot` command is run. Default `deno run -A jsr:@flyhot/cli@<the version of this package>`. */
  readonly flyhot?: readonly string[];
  /** Packs a version, where the `flyhot` command is not to; writes the release to `output`. */
  readonly pack?: (
    folder: string,
    options: { readonly output: string; readonly signal: AbortSignal },
  ) => Promise<PackedApp>;
}

/** Options of {@linkcode startApp}. */
export interface StartAppOptions extends AppSettings {
  /** The version to start with: what a cold deploy would have brought. */
  readonly from: AppVersion;
}

/** A running app. */
export interface TestApp extends AsyncDisposable {
  /** Where it listens, without a slash at the end. A restart may change it. */
  readonly url: string;
  /** Its process id; only a restart changes it. */
  readonly pid: number;
  /** The copy of the first version that it runs in. */
  readonly folder: string;
  /** All that it wrote so far, line by line. */
  readonly log: readonly string[];
  /**
   * Waits until it has written a line.
   *
   * @param wanted a part of the line, or a pattern
   * @param options how many of the lines so far are too old to count (default none), and how long to wait, in milliseconds (default 30000)
   * @returns the line
   * @throws {TestAppError} if it does not come in time
   */
  logged(
    wanted: string | RegExp,
    options?: { readonly from?: number; readonly timeoutMs?: number },
  ): Promise<string>;
  /**
   * What its runtime says of itself.
   *
   * @throws {TestAppError} if it does not answer
   */
  info(): Promise<MachineInfo>;
  /**
   * Upgrades it while it runs, as `flyhot hot` does. A refused upgrade is not an error, but said in the report.
   *
   * @param to the version
   * @param options what is consented to for this upgrade, as refusals name it, besides what deno.json says
   * @returns what was done
   * @throws {TestAppError} if the version cannot be packed, or the app ends or does not say what became of it in time
   */
  upgrade(
    to: AppVersion,
    options?: { readonly consent?: readonly string[] },
  ): Promise<UpgradeReport>;
  /**
   * Takes the last upgrade back, as `flyhot rollback` does: state goes through the `down` migrations.
   *
   * @returns what was done
   * @throws {TestAppError} if there was no upgrade, or the app ends or does not say what became of it in time
   */
  rollback(): Promise<UpgradeReport>;
  /**
   * Ends the process and starts it again, as a crashed machine is: on the files of the first version, with the upgrades
   * applied before it serves.
   *
   * @returns what its runtime says of itself
   * @throws {TestAppError} if it does not start
   */
  restart(): Promise<MachineInfo>;
  /** Ends the process and removes all files; upgrades under way are given up. */
  [Symbol.asyncDispose](): Promise<void>;
}
