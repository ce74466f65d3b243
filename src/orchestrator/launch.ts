/** The temporary machine that runs the image and does the rollout.
 * @module
 */
import type { ResolvedConfig } from "../config/resolve.ts";
import { FlyhotError } from "../errors.ts";
import type { Machine } from "../fly/machine.ts";
import type { MachineSpec } from "../fly/api/spec.ts";
import type { MachinesApi } from "../fly/machines_api.ts";
import type { Host } from "../host.ts";
import type { Reporter } from "../ui/reporter.ts";
import { SIGNING_KEY_VARIABLE } from "../base/secret.ts";
import { type OrchestratorTask, TASK_VARIABLE } from "./task.ts";

/** The metadata key that marks flyhot's own machines. */
const ROLE_KEY = "flyhot_role";
/** The metadata key that tells one launch from another. */
const LAUNCH_KEY = "flyhot_launch_id";

const NO_IMAGE_TRIES_MAX = 6;
const NO_IMAGE_WAIT_MS = 3000;
const UNKNOWN_TRIES_MAX = 3;
const UNKNOWN_WAIT_MS = 2000;

/** Describes the temporary machine. */
export function orchestratorSpec(
  config: ResolvedConfig,
  task: OrchestratorTask,
  launchId: string,
): MachineSpec {
  const env: Record<string, string> = {};
  for (const [name, { value }] of Object.entries(config.env)) {
    // The platform refuses these names; the key that signs is never sent.
    if (!name.startsWith("FLY_") && name !== SIGNING_KEY_VARIABLE) {
      env[name] = value;
    }
  }
  const region = config.primaryRegion.value;
  return {
    ...(region === null ? {} : { region }),
    config: {
      image: task.sourceImageRef,
      env: {
        ...env,
        FLYHOT_ROLE: "orchestrator",
        [TASK_VARIABLE]: JSON.stringify(task),
      },
      metadata: { [ROLE_KEY]: "orchestrator", [LAUNCH_KEY]: launchId },
      // The platform's default of 256 MB is too little for the graph of a large app.
      guest: { cpu_kind: "shared", cpus: 1, memory_mb: 1024 },
      init: { exec: config.orchestrateCommand.value },
      auto_destroy: true,
      restart: { policy: "no" },
      dns: { skip_registration: true },
    },
  };
}

/** Starts the temporary machine, at most once however often it has to ask. */
export async function launchOrchestrator(
  spec: MachineSpec,
  deps: {
    readonly host: Pick<Host, "sleep">;
    readonly api: MachinesApi;
    readonly reporter: Reporter;
  },
): Promise<Machine> {
  const { host, api, reporter } = deps;
  let noImage = 0;
  let unknown = 0;
  for (;;) {
    // Not to be cut short by Ctrl-C: a machine made unseen would be left behind.
    const outcome = await api.create(spec);
    if (outcome.status === "created") return outcome.machine;
    if (outcome.status === "no_image") {
      if (++noImage >= NO_IMAGE_TRIES_MAX) {
        throw new FlyhotError("not_found", outcome.error.message, {
          cause: outcome.error,
          hint:
            "check that the image exists and belongs to the same organization",
        });
      }
      if (noImage === 1) {
        reporter.emit({
          type: "note",
          text: "The registry does not know the new image yet, trying again",
        });
      }
      await host.sleep(NO_IMAGE_WAIT_MS);
      continue;
    }
    const found = await findLaunch(spec, host, api);
    if (found) return found;
    if (++unknown >= UNKNOWN_TRIES_MAX) throw outcome.error;
  }
}

async function findLaunch(
  spec: MachineSpec,
  host: Pick<Host, "sleep">,
  api: MachinesApi,
): Promise<Machine | null> {
  const launchId = spec.config.metadata[LAUNCH_KEY] ?? "";
  // What was begun may take a moment to show.
  for (let look = 0; look < 2; look++) {
    await host.sleep(UNKNOWN_WAIT_MS);
    const machines = await api.list({ metadata: [LAUNCH_KEY, launchId] });
    if (machines[0]) return machines[0];
  }
  return null;
}
