/** `flyhot status`: what every machine runs.
 * @module
 */
import type { Pointer } from "@flyhot/runtime/protocol";
import { loadConfig, openBucket } from "../config/load.ts";
import { requireApp, type ResolvedConfig } from "../config/resolve.ts";
import { toFlyhotError } from "../errors.ts";
import type { AppMachine, Fleet } from "../fly/fleet.ts";
import { MachinesFleet } from "../fly/machines_fleet.ts";
import { readPointer } from "../rollout/pointer.ts";
import { APP_FLAGS, BUCKET_FLAGS, given } from "./app_flags.ts";
import {
  type Command,
  type CommandEnvironment,
  defineCommand,
} from "./command.ts";
import { openMachinesApi } from "./fly_access.ts";
import { mapLimited } from "./limited.ts";
import {
  type AskedMachine,
  statusReport,
  statusText,
} from "./status_report.ts";

const ASKED_AT_ONCE = 8;

/** `flyhot status` */
export const statusCommand: Command = defineCommand({
  name: "status",
  summary: "Show what every machine of the app runs",
  description: [
    "Asks each running machine for its base image and the hot upgrade that is in. With credentials for the bucket, machines are compared with the current release; without, with each other. A Fly token is all it needs.",
  ],
  flags: [...APP_FLAGS, ...BUCKET_FLAGS],
  examples: [
    {
      title: "The app of the fly.toml in this folder",
      command: "flyhot status",
    },
    {
      title: "Another configuration",
      command: "flyhot status --config fly-staging.toml",
    },
    {
      title: "Machines that are behind, for a script",
      command:
        `flyhot status --json | jq '.machines[] | select(.verdict == "behind") | .id'`,
    },
  ],
  async run(context) {
    const { flags, host, reporter, signal } = context;
    const config = await loadConfig(
      host,
      given({
        config: flags.config,
        app: flags.app,
        bucket: flags.bucket,
        endpoint: flags.endpoint,
      }),
    );
    const app = requireApp(config);
    const api = await openMachinesApi(app, config, host, { signal });
    const fleet = new MachinesFleet(api);
    const machines = await fleet.list(signal);
    reporter.emit({
      type: "step",
      name: "Ask machines",
      detail: `${machines.length}`,
    });
    const begun = host.monotonicNow();
    const [asked, pointer] = await Promise.all([
      mapLimited(
        machines,
        ASKED_AT_ONCE,
        (machine) => ask(machine, fleet, signal),
      ),
      pointerIfAllowed(app, config, context),
    ]);
    reporter.emit({
      type: "done",
      name: "Ask machines",
      ms: host.monotonicNow() - begun,
    });
    const report = statusReport(app, asked, pointer);
    context.answer({ text: statusText(report), json: report });
    return 0;
  },
});

async function ask(
  machine: AppMachine,
  fleet: Fleet,
  signal: AbortSignal,
): Promise<AskedMachine> {
  if (machine.state !== "started") return { machine, answer: null };
  if (!machine.hostOk) {
    return { machine, answer: { problem: "its host cannot be reached" } };
  }
  try {
    return { machine, answer: { info: await fleet.info(machine.id, signal) } };
  } catch (error) {
    signal.throwIfAborted();
    return { machine, answer: { problem: toFlyhotError(error).message } };
  }
}

/** The pointer; undefined where nobody gave us the means to read it. */
async function pointerIfAllowed(
  app: string,
  config: ResolvedConfig,
  { host, reporter, signal }: CommandEnvironment,
): Promise<Pointer | null | undefined> {
  const { bucket, accessKeyId, secretAccessKey } = config;
  if (!bucket.value || !accessKeyId.value || !secretAccessKey.value) {
    return undefined;
  }
  try {
    return (await readPointer(openBucket(config, host), app, signal)).pointer;
  } catch (error) {
    signal.throwIfAborted();
    reporter.emit({
      type: "warning",
      text: `Comparing the machines with each other only. ${
        toFlyhotError(error).message
      }`,
    });
    return undefined;
  }
}
