/** What a rollout would do: every value with its origin, and the plan. Builds and writes nothing.
 * @module
 */
import { MemoryBucket } from "@flyhot/runtime/bucket";
import { loadConfig } from "../../config/load.ts";
import { type CliValues, requireApp } from "../../config/resolve.ts";
import { MachinesFleet } from "../../fly/fleet/machines_fleet.ts";
import { orchestrate } from "../../rollout/orchestrate.ts";
import type { RolloutReport } from "../../rollout/report.ts";
import { type AppDeps, reporterOf } from "../../ui/app_deps.ts";
import type { CommandEnvironment } from "../command.ts";
import {
  type ShownValue,
  shownValues,
  valuesText,
} from "../../reports/config_text.ts";
import { openMachinesApi } from "../../rollout/fly_access.ts";
import { exitCodeOf, reportText } from "../../reports/report_text.ts";
import { orchestrateOptions } from "./rollout_run.ts";

/** What a rollout would do, and with which values: the answer of `flyhot plan --json`. */
export interface PlannedRollout extends RolloutReport {
  /** Every value with its origin, by name; secrets are not shown. */
  readonly config: Readonly<Record<string, ShownValue>>;
}

/** Options of {@linkcode plan}. */
export interface PlanOptions extends CliValues {
  /** What is consented to, besides what deno.json says. */
  readonly consent?: readonly string[];
}

/**
 * Plans a rollout of the working folder: packs it, and classifies it against a running machine. Writes nothing.
 *
 * @param options what the app's files do not say
 * @param deps the outside, and who is told what happens
 * @param signal gives up early
 * @returns the report; its `plan` says hot or cold, and why
 * @throws {FlyhotError} `usage` without an app or if it cannot be packed, `not_found` if no machine runs, else as the Machines API fails
 *
 * @example
 * ```ts ignore
 * import { denoHost, plan } from "@flyhot/cli/mod";
 * using host = denoHost();
 * const planned = await plan({ app: "my-app" }, { host });
 * if (!planned.plan?.hot) console.error(planned.plan?.cold);
 * ```
 */
export async function plan(
  options: PlanOptions,
  deps: AppDeps,
  signal: AbortSignal = new AbortController().signal,
): Promise<PlannedRollout> {
  const { host } = deps;
  const config = await loadConfig(host, options);
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
      ...(options.consent ? { consent: options.consent } : {}),
    }),
    // A bucket of its own, so that nothing can be written, whatever happens.
    {
      host,
      bucket: new MemoryBucket(),
      fleet: new MachinesFleet(api),
      reporter: reporterOf(deps),
    },
    signal,
  );
  return { config: shownValues(config), ...report };
}

/** Plans a rollout and gives the plan as the answer, with every value behind it where that is asked for. */
export async function dryRun(
  options: PlanOptions,
  environment: CommandEnvironment,
  verbose = false,
): Promise<number> {
  const planned = await plan(options, environment, environment.signal);
  environment.answer({
    text: [
      reportText(planned),
      ...verbose ? [valuesText(planned.config)] : [],
    ].join("\n\n"),
    json: planned,
    folds: true,
  });
  return exitCodeOf(planned);
}
