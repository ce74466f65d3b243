/** A rollout in this process, and its answer.
 * @module
 */
import { filesChosen } from "../../config/load.ts";
import type { ResolvedConfig } from "../../config/resolve.ts";
import type { CleanCommit } from "../../release/files/working_tree.ts";
import type { OrchestrateOptions } from "../../rollout/orchestrate.ts";
import type { RolloutReport } from "../../rollout/report.ts";
import type { CommandEnvironment } from "../command.ts";
import { exitCodeOf, reportText } from "../../reports/report_text.ts";

/** Makes the options of a rollout out of the configuration. */
export function orchestrateOptions(
  config: ResolvedConfig,
  rest: Pick<
    OrchestrateOptions,
    | "app"
    | "root"
    | "sourceImageRef"
    | "deployedBy"
    | "force"
    | "dryRun"
    | "gitIgnored"
    | "sign"
    | "consent"
    | "commit"
    | "message"
  >,
): OrchestrateOptions {
  return {
    ...rest,
    ...filesChosen(config),
    canary: config.canary.value,
    maxConcurrency: config.maxConcurrency.value,
    timeoutMs: config.timeoutMs.value,
    lockTtlMs: config.lockTtlMs.value,
    ...(config.probationMs.value === null
      ? {}
      : { probationMs: config.probationMs.value }),
  };
}

/** What `flyhot releases` will tell of a release: what was said about it, else what the commit says that it is. */
export function releaseNotes(
  said: string | undefined,
  head: CleanCommit | null,
): { readonly commit?: string; readonly message?: string } {
  const message = said ?? head?.subject;
  return {
    ...(head === null ? {} : { commit: head.commit }),
    ...(message ? { message } : {}),
  };
}

/** Gives a rollout's report as the answer. */
export function answerReport(
  report: RolloutReport,
  environment: CommandEnvironment,
): number {
  environment.answer({ text: reportText(report), json: report, folds: true });
  return exitCodeOf(report);
}
