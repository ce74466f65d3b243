/** Looking at everything that an upgrade needs.
 * @module
 */
import { tell } from "../rollout/steps.ts";
import { loadConfig } from "../config/load.ts";
import type { CliValues } from "../config/resolve.ts";
import { type AppDeps, reporterOf } from "../ui/app_deps.ts";
import { checkBucket, checkProbations } from "./bucket_checks.ts";
import { type DoctorReport, doctorReport } from "./doctor_report.ts";
import { checkFly } from "./fly_checks.ts";
import { checkMachines } from "./machine_checks.ts";
import { checkProject } from "./project_checks.ts";

/**
 * Looks at everything that an upgrade needs: fly and its token, the bucket, the machines, the app's folder. What is
 * wrong is in the report; in the bucket an object is written and removed.
 *
 * @param options app, bucket and configuration, where the app's files do not say
 * @param deps the outside, and who is told what happens
 * @param signal gives up early
 * @returns what was found, with a remedy for each trouble
 * @throws {FlyhotError} `usage` if fly.toml or deno.json cannot be read
 *
 * @example
 * ```ts ignore
 * import { denoHost, doctor } from "@flyhot/cli/mod";
 * using host = denoHost();
 * const { checks } = await doctor({ app: "my-app" }, { host });
 * checks.filter(({ verdict }) => verdict === "fail");
 * ```
 */
export async function doctor(
  options: CliValues,
  deps: AppDeps,
  signal: AbortSignal = new AbortController().signal,
): Promise<DoctorReport> {
  const { host } = deps;
  const told = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    tell({ host, reporter: reporterOf(deps) }, { name }, work);
  const config = await loadConfig(host, options);
  const [fly, bucket] = await Promise.all([
    told("Look at Fly", () => checkFly(config, host, signal)),
    told("Look at the bucket", () => checkBucket(config, host, signal)),
  ]);
  const { app } = fly;
  const machines = app
    ? await told(
      "Look at the machines",
      () => checkMachines(config, app, bucket, signal),
    )
    : [];
  return doctorReport(config.app.value, [
    ...fly.checks,
    ...bucket.checks,
    ...checkProbations(bucket, app?.machines ?? []),
    ...machines,
    ...await checkProject(config, host, signal),
  ]);
}
