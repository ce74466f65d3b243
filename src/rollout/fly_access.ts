/** Access to Fly: who is logged in, the Machines API, the fleet.
 * @module
 */
import type { ResolvedConfig } from "../config/resolve.ts";
import { findFlyctl, type Flyctl, withFlyctl } from "../fly/flyctl.ts";
import { withDeadline } from "../base/deadline.ts";
import { MachinesFleet } from "../fly/fleet/machines_fleet.ts";
import { MachinesApi } from "../fly/machines_api.ts";
import { findFlyToken } from "../fly/token.ts";
import type { Host } from "../host.ts";

/** Opens the Machines API for an app, with the token of the environment or the one that flyctl is logged in with. */
export async function openMachinesApi(
  app: string,
  config: ResolvedConfig,
  host: Host,
  options: {
    readonly flyctl?: Flyctl | null;
    readonly signal?: AbortSignal;
  } = {},
): Promise<MachinesApi> {
  const token = await findFlyToken(
    host,
    () =>
      options.flyctl === undefined
        ? findFlyctl(host, options.signal)
        : Promise.resolve(options.flyctl),
    options.signal,
  );
  return new MachinesApi({
    host,
    app,
    token,
    baseUrl: config.machinesApi.value,
  });
}

const LOGS_MS_MAX = 10_000;

/** Reaches the machines of an app; where flyctl is installed, what they logged last as well. */
export function openFleet(
  api: MachinesApi,
  host: Pick<Host, "run">,
): MachinesFleet {
  return new MachinesFleet(
    api,
    (machineId, signal) =>
      withDeadline(
        LOGS_MS_MAX,
        () => new Error(`no logs of ${machineId} in time`),
        async (signal) =>
          await withFlyctl(
            host,
            (flyctl) => flyctl.logs(api.app, machineId, signal),
          ) ?? [],
        signal,
      ),
  );
}

/** Names the person or job that deploys, as well as can be told without being logged in; `flyctl` is null where it was not found, undefined where nobody has looked. */
export async function deployerName(
  host: Host,
  flyctl: Flyctl | null | undefined,
  signal?: AbortSignal,
): Promise<string> {
  const whoami = (flyctl: Flyctl) => flyctl.whoami(signal);
  try {
    const name = flyctl === undefined
      ? await withFlyctl(host, whoami)
      : flyctl && await whoami(flyctl);
    if (name !== null) return name;
  } catch {
    signal?.throwIfAborted();
  }
  return host.env("GITHUB_ACTOR") ?? host.env("USER") ??
    host.env("USERNAME") ?? "unknown";
}
