/** `flyhot hot`: an image built by fly, and a temporary machine that rolls it out.
 * @module
 */
import { tell } from "../../rollout/steps.ts";
import { isAtRest, isRunning } from "../../rollout/machines/ask_machines.ts";
import { requireApp, type ResolvedConfig } from "../../config/resolve.ts";
import { FlyhotError, isErrorCode } from "../../errors.ts";
import { findFlyctl, type Flyctl, flyctlMissing } from "../../fly/flyctl.ts";
import { cleanCommit } from "../../release/files/working_tree.ts";
import { MachinesFleet } from "../../fly/fleet/machines_fleet.ts";
import type { MachinesApi } from "../../fly/machines_api.ts";
import type { Host } from "../../host.ts";
import { differingFiles, refuseDiffering } from "../../release/compare_tree.ts";
import type { SigningKey, SignStep } from "../../release/signing.ts";
import { ulid } from "@flyhot/runtime/protocol";
import type { CommandEnvironment } from "../command.ts";
import type { OrchestratorEnd } from "../../orchestrator/events_file.ts";
import { deployerName, openMachinesApi } from "../../rollout/fly_access.ts";
import { followOrchestrator } from "../../orchestrator/follow.ts";
import {
  launchOrchestrator,
  orchestratorSpec,
} from "../../orchestrator/launch.ts";
import { taskOf } from "../../orchestrator/task.ts";
import { answerReport, releaseNotes } from "./rollout_run.ts";

/** What the command line says beyond the configuration. */
interface HotRemoteOptions {
  /** An image that is there already; undefined to build one. */
  readonly image: string | undefined;
  /** `NAME=value` pairs for the Dockerfile. */
  readonly buildArgs: readonly string[];
  /** Build switches for fly, for example `--no-cache`. */
  readonly switches: readonly string[];
  /** Whether to take the lock over from somebody else. */
  readonly force: boolean;
  /** What to sign the release with, or null. */
  readonly key: SigningKey | null;
  /** What is consented to, for this upgrade only. */
  readonly consent: readonly string[];
  /** What it is about, where that was said. */
  readonly message: string | undefined;
}

/** Builds an image, starts a temporary machine from it and follows the rollout that runs there. */
export async function hotRemote(
  config: ResolvedConfig,
  options: HotRemoteOptions,
  environment: CommandEnvironment,
): Promise<number> {
  const { host, reporter, signal } = environment;
  const { key } = options;
  const app = requireApp(config);
  const flyctl = await findFlyctl(host, signal);
  if (!flyctl && options.image === undefined) {
    throw flyctlMissing("build the image");
  }
  const deployedBy = options.image === undefined && flyctl
    ? await flyctl.whoami(signal)
    : await deployerName(host, flyctl, signal);
  const api = await openMachinesApi(app, config, host, { flyctl, signal });
  // Asked before the build, because a build takes minutes.
  await refuseNothingRunning(api, signal);
  // What an image that is there already was built from is not known here.
  const head = options.image === undefined
    ? await cleanCommit(host.cwd(), host, signal)
    : null;
  const launchId = ulid(host.now(), host.randomBytes(10));
  const image = options.image ??
    await build(config, flyctl!, { ...options, app, launchId }, environment);

  const task = taskOf(config, {
    app,
    sourceImageRef: image,
    deployedBy,
    force: options.force,
    sign: options.key !== null,
    consent: options.consent,
    ...releaseNotes(options.message, head),
  });
  const machine = await tell(
    { host, reporter },
    {
      name: "Start temporary machine",
      detail: image,
      result: ({ id, region }) => `${id} (${region})`,
    },
    () =>
      launchOrchestrator(
        orchestratorSpec(config, task, launchId),
        { host, api, reporter },
      ),
  );
  const end = await followOrchestrator(
    machine.id,
    { host, api, reporter, ...(key ? { onSign: signWith(key, host) } : {}) },
    signal,
  );
  return answerEnd(end, environment);
}

/** Signs what the temporary machine has packed if it is what the folder here holds. */
function signWith(key: SigningKey, host: Host): SignStep {
  return async (release, signal) => {
    const { files } = release;
    refuseDiffering(await differingFiles(files, host.cwd(), host, signal));
    return await key.sign(release);
  };
}

async function refuseNothingRunning(
  api: MachinesApi,
  signal: AbortSignal,
): Promise<void> {
  const machines = await new MachinesFleet(api).list(signal);
  // Where all are at rest, one is started for the rollout.
  if (machines.some((it) => isRunning(it) || isAtRest(it))) return;
  throw new FlyhotError(
    "not_found",
    machines.length === 0
      ? `Cannot upgrade ${api.app}: no machine runs it`
      : `Cannot upgrade ${api.app}: none of its ${machines.length} machines is started`,
    {
      hint: machines.length === 0
        ? "deploy it first with: fly deploy"
        : "start one with: fly machine start, or deploy with: fly deploy",
    },
  );
}

async function build(
  config: ResolvedConfig,
  flyctl: Flyctl,
  options: HotRemoteOptions & {
    readonly app: string;
    readonly launchId: string;
  },
  { host, reporter, signal }: CommandEnvironment,
): Promise<string> {
  return await tell(
    { host, reporter },
    {
      name: "Build image",
      detail: config.flyConfig.value ?? "",
      result: (image) => image,
    },
    () =>
      flyctl.build({
        app: options.app,
        config: config.flyConfig.value,
        buildArgs: options.buildArgs,
        switches: options.switches,
        label: `flyhot-${options.launchId.toLowerCase()}`,
        onLine: (line) =>
          reporter.emit({ type: "output", program: flyctl.program, line }),
        signal,
      }),
  );
}

function answerEnd(
  end: OrchestratorEnd,
  environment: CommandEnvironment,
): number {
  if (end.report) return answerReport(end.report, environment);
  const code = end.error?.code ?? "unexpected";
  throw new FlyhotError(
    isErrorCode(code) ? code : "unexpected",
    end.error?.message ??
      `Cannot tell what the temporary machine did: it ended with ${end.exitCode}`,
    end.error?.hint ? { hint: end.error.hint } : {},
  );
}
