/** The configuration on the temporary machine: the task first, then the machine's own environment.
 * @module
 */
import { resolveConfig, type ResolvedConfig } from "../config/resolve.ts";
import { given } from "../config/app_flags.ts";
import type { OrchestratorTask } from "./task.ts";

/** Makes the values for a rollout on the temporary machine. */
export function loadTaskConfig(
  task: OrchestratorTask,
  env: (name: string) => string | undefined,
): ResolvedConfig {
  const decided = {
    app: task.app,
    bucket: task.bucket ?? undefined,
    endpoint: task.endpoint ?? undefined,
    maxConcurrency: task.maxConcurrency,
    canary: task.canary,
    timeout: task.timeoutMs / 1000,
    lockTimeout: task.lockTtlMs / 1000,
  };
  return resolveConfig({
    cli: given(decided),
    denoJson: {
      path: "FLYHOT_ORCHESTRATE",
      config: {
        ...given({
          region: task.region ?? undefined,
          include: task.include ?? undefined,
          entry: task.entries ?? undefined,
        }),
        exclude: task.exclude,
        credentials: task.credentials,
      },
    },
    flyToml: null,
    env,
  });
}
