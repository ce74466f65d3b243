/** A rollout of a folder as a process of its own, which can be killed: it prints what happens, a line of JSON each.
 * @module
 */
import { loadConfig, openBucket } from "../../../src/config/load.ts";
import { requireApp } from "../../../src/config/resolve.ts";
import { orchestrateOptions } from "../../../src/commands/rollout/rollout_run.ts";
import type { Host } from "../../../src/host.ts";
import { MachinesFleet } from "../../../src/fly/fleet/machines_fleet.ts";
import { openMachinesApi } from "../../../src/rollout/fly_access.ts";
import { orchestrate } from "../../../src/rollout/orchestrate.ts";
import { rollback } from "../../../src/rollout/rollback.ts";
import type { RolloutReport } from "../../../src/rollout/report.ts";
import { jsonReporter } from "../../../src/ui/reporters/json_reporter.ts";
import type { Reporter } from "../../../src/ui/reporter.ts";
import { silentReporter } from "../../../src/ui/reporters/text_reporter.ts";
import { realHost } from "../../cli/real_host.ts";

const LOCK_TTL_MS = 60_000;
/** Short, so that the lock of who is killed lapses while somebody waits. */
const KILLED_LOCK_TTL_MS = 5_000;
const DEPLOYED_BY = "test";

/** Brings the working folder to all machines, as `flyhot hot --local` does. */
export async function rollOut(
  host: Host,
  reporter: Reporter = silentReporter,
  lockTtlMs = LOCK_TTL_MS,
): Promise<RolloutReport> {
  const config = await loadConfig(host);
  const options = orchestrateOptions(config, {
    app: requireApp(config),
    root: host.cwd(),
    deployedBy: DEPLOYED_BY,
    force: false,
    dryRun: false,
    gitIgnored: false,
  });
  return await orchestrate(
    { ...options, lockTtlMs },
    await outside(host, reporter),
  );
}

/** Goes back one release, as `flyhot rollback` does. */
export async function rollBack(host: Host): Promise<RolloutReport> {
  const config = await loadConfig(host);
  return await rollback({
    app: requireApp(config),
    deployedBy: DEPLOYED_BY,
    timeoutMs: 60_000,
    lockTtlMs: LOCK_TTL_MS,
    force: false,
  }, await outside(host, silentReporter));
}

async function outside(host: Host, reporter: Reporter) {
  const config = await loadConfig(host);
  const bucket = openBucket(config, host);
  const api = await openMachinesApi(requireApp(config), config, host);
  return { host, bucket, fleet: new MachinesFleet(api), reporter };
}

if (import.meta.main) {
  const write = (line: string) =>
    void Deno.stdout.writeSync(new TextEncoder().encode(line));
  using host = realHost(Deno.cwd(), Deno.env.toObject());
  await rollOut(host, jsonReporter(write), KILLED_LOCK_TTL_MS);
}
