/** What a rollout works with.
 * @module
 */
import type { Bucket } from "@flyhot/runtime/bucket";
import type { Fleet } from "../fly/fleet/fleet.ts";
import type { Host } from "../host.ts";
import type { Reporter } from "../ui/reporter.ts";

/** What a rollout needs of the outside. */
export interface RolloutDeps {
  /** Clock, disk and processes. */
  readonly host: Host;
  /** Where releases, pointer, results and lock are. */
  readonly bucket: Bucket;
  /** The machines. */
  readonly fleet: Fleet;
  /** Told of everything that happens. */
  readonly reporter: Reporter;
}
