/** What a rollout would do: every value with its origin, and the plan. Builds and writes nothing.
 * @module
 */
import { MemoryBucket } from "@flyhot/runtime/bucket";
import { requireApp, type ResolvedConfig } from "../config/resolve.ts";
import { MachinesFleet } from "../fly/machines_fleet.ts";
import { orchestrate } from "../rollout/orchestrate.ts";
import type { CommandEnvironment } from "./command.ts";
import { shownValues, valuesText } from "./config_text.ts";
import { openMachinesApi } from "./fly_access.ts";
import { exitCodeOf, reportText } from "./report_text.ts";
import { orchestrateOptions } from "./rollout_run.ts";

/**
 * Plans a rollout of the working tree: packs it, and classifies it against a running machine.
 *
 * @param config the values
 * @param environment the outside
 * @returns the exit code: 0 hot, 8 cold
 * @throws {FlyhotError} as packing and asking the machines fail
 */
export async function dryRun(
  config: ResolvedConfig,
  environment: CommandEnvironment,
): Promise<number> {
  const { host, reporter, signal } = environment;
  const app = requireApp(config);
  const api = await openMachinesApi(app, config, host, { signal });
  const report = await orchestrate(
    orchestrateOptions(config, {
      app,
      root: host.cwd(),
      deployedBy: "nobody",
      force: false,
      dryRun: true,
      gitIgnored: true,
    }),
    // A bucket of its own, so that nothing can be written, whatever happens.
    {
      host,
      bucket: new MemoryBucket(),
      fleet: new MachinesFleet(api),
      reporter,
    },
    signal,
  );
  const values = shownValues(config);
  environment.answer({
    text: `${valuesText(values)}\n\n${reportText(report)}`,
    json: { config: values, ...report },
  });
  return exitCodeOf(report);
}
