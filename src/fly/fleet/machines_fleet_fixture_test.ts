/**
 * Machines whose answers a test writes.
 *
 * @module
 */

import { fakeHost } from "../../../tests/cli/fake_host.ts";
import { MachinesApi } from "../machines_api.ts";
import { MachinesFleet } from "./machines_fleet.ts";
import { parseFlyToken } from "../token.ts";

/** What a machine says of itself. */
export const INFO = {
  hotUpgradeApplied: false,
  currentImageRef: "registry.fly.io/my-app:deployment-01K9",
  fingerprint: "0123456789ab",
  upgrades: 0,
  retainedModules: 0,
  retainedBytes: 0,
  pid: 1,
  startedAt: "2026-01-01T00:00:00Z",
  lastUpgradeId: null,
};

/** Machines that answer exec so. */
export function fleetOf(
  fetch: (request: Request) => Response | Promise<Response>,
): MachinesFleet {
  return new MachinesFleet(
    new MachinesApi({
      host: fakeHost({ fetch }),
      app: "my-app",
      token: parseFlyToken("x", "test"),
    }),
  );
}
