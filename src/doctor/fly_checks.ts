/** Is there a `fly`, who is logged in, and what may the token see?
 * @module
 */
import { requireApp, type ResolvedConfig } from "../config/resolve.ts";
import { withDeadline } from "../base/deadline.ts";
import { FlyhotError } from "../errors.ts";
import type { AppMachine } from "../fly/fleet/fleet.ts";
import { findFlyctl, type Flyctl } from "../fly/flyctl.ts";
import { MachinesApi } from "../fly/machines_api.ts";
import { MachinesFleet } from "../fly/fleet/machines_fleet.ts";
import { findFlyToken, type FlyToken, TOKEN_VARIABLES } from "../fly/token.ts";
import type { Host } from "../host.ts";
import { formatCount } from "../ui/format.ts";
import { type Check, fail, pass, warn } from "./check.ts";

/** What the checks found, and what further ones may work with. */
interface FlyFindings {
  readonly checks: readonly Check[];
  /** The app's machines and how to reach them; null where they cannot be listed. */
  readonly app: {
    /** The Machines API of the app. */
    readonly api: MachinesApi;
    /** The same, as a rollout sees them. */
    readonly fleet: MachinesFleet;
    /** The machines that run it. */
    readonly machines: readonly AppMachine[];
  } | null;
}

const PROGRAM_MS_MAX = 30_000;

/** Looks at `fly`, its login, the token, and the app's machines. */
export async function checkFly(
  config: ResolvedConfig,
  host: Host,
  signal: AbortSignal,
): Promise<FlyFindings> {
  const checks: Check[] = [];
  const hasToken = TOKEN_VARIABLES.some((name) => host.env(name) !== undefined);
  const found = await attempt(
    "look for fly",
    (signal) => findFlyctl(host, signal),
    signal,
  );
  const flyctl = "value" in found ? found.value : null;
  checks.push(
    "error" in found
      ? fail("flyctl", found.error)
      : judgeFlyctl(flyctl, hasToken),
  );
  if (flyctl) {
    const login = await attempt(
      "tell who is logged in",
      (signal) => flyctl.whoami(signal),
      signal,
    );
    checks.push(judgeLogin(login, hasToken));
  }
  const token = await attempt(
    "find a Fly token",
    (signal) => findFlyToken(host, () => Promise.resolve(flyctl), signal),
    signal,
  );
  if ("error" in token) {
    return { checks: [...checks, fail("token", token.error)], app: null };
  }
  checks.push(pass("token", tokenWords(token.value)));
  let name: string;
  try {
    name = requireApp(config);
  } catch (error) {
    return { checks: [...checks, fail("app", error)], app: null };
  }
  const api = new MachinesApi({
    host,
    app: name,
    token: token.value,
    baseUrl: config.machinesApi.value,
  });
  try {
    const fleet = new MachinesFleet(api);
    const machines = await fleet.list(signal);
    checks.push(judgeApp(name, config.app.from, machines));
    return { checks, app: { api, fleet, machines } };
  } catch (error) {
    signal.throwIfAborted();
    return { checks: [...checks, fail("app", error)], app: null };
  }
}

type Attempt<T> = { readonly value: T } | { readonly error: unknown };

async function attempt<T>(
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<Attempt<T>> {
  const late = () =>
    new FlyhotError(
      "network",
      `Cannot ${what}: no answer within ${PROGRAM_MS_MAX / 1000} s`,
      { hint: "check the network, and whether fly works: fly auth whoami" },
    );
  try {
    return { value: await withDeadline(PROGRAM_MS_MAX, late, work, signal) };
  } catch (error) {
    signal.throwIfAborted();
    return { error };
  }
}

function judgeFlyctl(flyctl: Flyctl | null, hasToken: boolean): Check {
  if (flyctl) {
    return pass("flyctl", flyctl.version || `${flyctl.program} is on PATH`);
  }
  const text = "neither fly nor flyctl is on PATH";
  const remedy =
    "install it from https://fly.io/docs/flyctl/install; flyhot hot builds images with it, --local needs none";
  return hasToken
    ? warn("flyctl", text, remedy)
    : fail("flyctl", new FlyhotError("not_found", text, { hint: remedy }));
}

function judgeLogin(login: Attempt<string>, hasToken: boolean): Check {
  if ("value" in login) return pass("login", login.value);
  const failed = fail("login", login.error);
  // A token for deploys need not be anybody's login.
  return hasToken ? warn("login", failed.text, failed.remedy) : failed;
}

function tokenWords({ kind, from }: FlyToken): string {
  return kind === "macaroon"
    ? `a macaroon, from ${from}`
    : `a personal (OAuth) token, from ${from}`;
}

function judgeApp(
  name: string,
  from: string,
  machines: readonly AppMachine[],
): Check {
  if (machines.length === 0) {
    return warn(
      "app",
      `${name} (${from}) has no machine that runs it`,
      "deploy it once with: fly deploy",
    );
  }
  const count = (test: (it: AppMachine) => boolean) =>
    machines.filter(test).length;
  const started = count(({ state }) => state === "started");
  const lost = count(({ hostOk }) => !hostOk);
  const text = `${name} (${from}): ${
    formatCount(machines.length, "machine")
  }, ${started} started`;
  if (lost > 0) {
    return warn(
      "app",
      `${text}; the host of ${lost} cannot be reached`,
      "see https://status.flyio.net; what is out of reach applies the release when it is back",
    );
  }
  if (started === 0) {
    return warn("app", text, "start one with: fly machine start");
  }
  return pass("app", text);
}
