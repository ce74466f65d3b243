/** What an upgrade works on, and what it leaves.
 * @module
 */
import type { AppFiles } from "../release/app_files.ts";
import type { Laying } from "../release/laid/laying/laying.ts";
import type { HealthCheck, NamedCheck } from "./health.ts";
import type { HolderChange } from "../protocol/machine/machine_result.ts";
import type { Bucket } from "../bucket/bucket.ts";
import type { ReleaseFolders } from "../release/unpack/folders.ts";
import type { AppProcess } from "../process/process.ts";

/** What an upgrade works on. */
export interface UpgradeContext {
  /** The running process. */
  readonly appProcess: AppProcess;
  /** The base image's files. */
  readonly files: AppFiles;
  /** The files that lie over those of the image. */
  readonly laid: Laying;
  /** The path of the main module. */
  readonly main: string;
  /** The base image. */
  readonly imageRef: string;
  /** Where releases go. */
  readonly folders: ReleaseFolders;
  /** Where releases come from. */
  readonly bucket: Bucket | null;
  /** How long download and unpacking may take, in milliseconds. */
  readonly fetchTimeoutMs: number;
  /** How long the new modules may take to evaluate, in milliseconds. */
  readonly prepareTimeoutMs: number;
  /** How long holders may take to finish the action they are in, in milliseconds. */
  readonly suspendTimeoutMs: number;
  /** How long all migrations together may take, in milliseconds. */
  readonly migrateTimeoutMs: number;
  /** Tells whether the new code works, or null where nobody asks. */
  readonly health: HealthCheck | null;
  /** How long the check may take, in milliseconds. */
  readonly healthTimeoutMs: number;
  /** How long a callback of `hot(import.meta)` may take, in milliseconds. */
  readonly callbackTimeoutMs: number;
  /** How long work begun before the swap keeps the code that it began in, in milliseconds. */
  readonly drainMs: number;
  /** Whether it leads back from code that failed: nobody asks again then. */
  readonly isWayBack?: boolean;
  /** Told before the first line of the release runs; what it throws gives the upgrade up. */
  readonly onLoading?: () => Promise<void>;
  /** Told of the checks that the new code has passed, to be repeated. */
  readonly onChecked?: (checks: readonly NamedCheck[]) => void;
  /** Given, where the app has not loaded yet, what takes the release out again; null where it has. */
  readonly onBoot: ((undo: () => Promise<void>) => void) | null;
}

/** What an upgrade did. */
export interface UpgradeOutcome {
  /** `nothing_to_do` where no file that runs differs. */
  readonly state: "applied" | "nothing_to_do";
  /** The modules evaluated again. */
  readonly reloaded: readonly string[];
  /** How many app modules are loaded. */
  readonly modules: number;
  /** What became of the state concerned. */
  readonly holders: readonly HolderChange[];
  /** Assets that are new, differ or are gone. */
  readonly assets: readonly string[];
  /** How long state took no calls, in milliseconds; null if there was none to suspend. */
  readonly suspendMs: number | null;
  /** How many requests and events begun before the upgrade outlived the time they had to end in the old code. */
  readonly undrained?: number;
}
