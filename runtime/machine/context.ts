/** What the runtime of one process works with.
 * @module
 */
import type { AppFiles } from "../release/app_files.ts";
import type { Laying } from "../release/laid/laying/laying.ts";
import type { Logger } from "../base/log.ts";
import type { Bucket } from "../bucket/bucket.ts";
import type { ReleaseFolders } from "../release/unpack/folders.ts";
import type { StartedBy } from "../protocol/machine/machine_info.ts";
import type { Settings } from "./settings.ts";
import type { AppProcess } from "../process/process.ts";

/** What the runtime of one process works with. */
export interface MachineContext {
  /** The running process. */
  readonly appProcess: AppProcess;
  readonly settings: Settings;
  /** The bucket, or null where there is none. */
  readonly bucket: Bucket | null;
  /** The base image's files. */
  readonly files: AppFiles;
  /** The files that lie over those of the image. */
  readonly laid: Laying;
  readonly startedBy: StartedBy;
  /** When it started watching, RFC 3339. */
  readonly startedAt: string;
  /** The path of the main module. */
  readonly main: string;
  /** Where releases go. */
  readonly folders: ReleaseFolders;
  readonly logger: Logger;
}
