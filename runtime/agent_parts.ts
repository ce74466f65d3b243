/** What the runtime of one process works with.
 * @module
 */
import type { AppFiles } from "./app_files.ts";
import type { Logger } from "./log.ts";
import type { Bucket } from "./object_store.ts";
import type { ReleaseFolders } from "./release_folders.ts";
import type { Settings } from "./settings.ts";
import type { System } from "./system.ts";

/** What the runtime of one process works with. */
export interface AgentParts {
  /** The running system. */
  readonly system: System;
  /** The settings. */
  readonly settings: Settings;
  /** The bucket, or null where there is none. */
  readonly bucket: Bucket | null;
  /** The base image's files. */
  readonly files: AppFiles;
  /** The path of the main module. */
  readonly main: string;
  /** Where releases go. */
  readonly folders: ReleaseFolders;
  /** Takes messages. */
  readonly logger: Logger;
}
