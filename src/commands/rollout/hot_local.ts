/** `flyhot hot --local`: the working tree, straight from here.
 * @module
 */
import { openBucket } from "../../config/load.ts";
import { requireApp, type ResolvedConfig } from "../../config/resolve.ts";
import { orchestrate } from "../../rollout/orchestrate.ts";
import { requireDeno } from "../../release/graph/deno_program.ts";
import { cleanCommit } from "../../release/files/working_tree.ts";
import type { SigningKey } from "../../release/signing.ts";
import type { CommandEnvironment } from "../command.ts";
import {
  deployerName,
  openFleet,
  openMachinesApi,
} from "../../rollout/fly_access.ts";
import {
  answerReport,
  orchestrateOptions,
  releaseNotes,
} from "./rollout_run.ts";

/** Packs the working tree and brings it to all machines, in this process. */
export async function hotLocal(
  config: ResolvedConfig,
  options: {
    readonly force: boolean;
    readonly key: SigningKey | null;
    readonly consent: readonly string[];
    readonly message: string | undefined;
  },
  environment: CommandEnvironment,
): Promise<number> {
  const { host, reporter, signal } = environment;
  const { key } = options;
  const app = requireApp(config);
  await requireDeno(host, `Cannot pack ${host.cwd()}`, signal);
  const bucket = openBucket(config, host);
  const api = await openMachinesApi(app, config, host, { signal });
  const [deployedBy, head] = await Promise.all([
    deployerName(host, undefined, signal),
    cleanCommit(host.cwd(), host, signal),
  ]);
  const report = await orchestrate(
    orchestrateOptions(config, {
      app,
      root: host.cwd(),
      deployedBy,
      force: options.force,
      consent: options.consent,
      ...releaseNotes(options.message, head),
      dryRun: false,
      gitIgnored: true,
      ...(key ? { sign: (release) => key.sign(release) } : {}),
    }),
    { host, bucket, fleet: openFleet(api, host), reporter },
    signal,
  );
  return answerReport(report, environment);
}
