/** A machine of an app, as a fleet lists it, for tests.
 * @module
 */
import type { AppMachine } from "../../src/fly/fleet/fleet.ts";

/** A started machine in the group `app`, with what a test wants of it changed. */
export function appMachine(
  id = "m1",
  changes: Partial<AppMachine> = {},
): AppMachine {
  return {
    id,
    name: id,
    region: "fra",
    state: "started",
    group: "app",
    imageRef: "registry.fly.io/shop:one",
    hostOk: true,
    instanceId: "01",
    ...changes,
  };
}
