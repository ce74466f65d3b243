/** `flyhot orchestrate`: the main process of the temporary machine.
 * @module
 */
import { loadTaskConfig } from "../../orchestrator/task_config.ts";
import { openBucket } from "../../config/load.ts";
import { FlyhotError, isErrorCode, toFlyhotError } from "../../errors.ts";
import { MachinesFleet } from "../../fly/fleet/machines_fleet.ts";
import type { Host } from "../../host.ts";
import { orchestrate } from "../../rollout/orchestrate.ts";
import type { RolloutReport } from "../../rollout/report.ts";
import { jsonReporter } from "../../ui/reporters/json_reporter.ts";
import type { ReportEvent } from "../../ui/reporter.ts";
import {
  type Command,
  type CommandEnvironment,
  defineCommand,
} from "../command.ts";
import { HIDDEN, SUMMARIES } from "../summaries.ts";
import { errorText, type ReleaseSignature } from "@flyhot/runtime/protocol";
import type { SignStep } from "../../release/signing.ts";
import {
  endLine,
  eventFilePath,
  EventFileWriter,
  parseSignAnswer,
  signLine,
} from "../../orchestrator/events_file.ts";
import { openMachinesApi } from "../../rollout/fly_access.ts";
import { parseTask, TASK_VARIABLE } from "../../orchestrator/task.ts";
import { exitCodeOf } from "../../reports/report_text.ts";
import { given } from "../../config/app_flags.ts";
import { answerReport, orchestrateOptions } from "./rollout_run.ts";

const ACKNOWLEDGE_MS_MAX = 20_000;
const ACKNOWLEDGE_LOOK_MS = 250;
const SIGN_MS_MAX = 180_000;
const SIGN_LOOK_MS = 250;

/** `flyhot orchestrate` */
export const orchestrateCommand: Command = defineCommand({
  name: "orchestrate",
  summary: SUMMARIES.orchestrate,
  description: [
    `Runs on the temporary machine that flyhot hot starts: packs the app in the working folder and brings it to all machines. What to do is in ${TASK_VARIABLE}; what happens is written to FLYHOT_EVENTS, a line of JSON each.`,
  ],
  flags: [],
  examples: [],
  hidden: HIDDEN.has("orchestrate"),
  async run(context) {
    const { host, signal } = context;
    // Typed by a person: nobody follows, so nobody is waited for.
    if (host.env(TASK_VARIABLE) === undefined) parseTask(undefined);
    const path = eventFilePath((name) => host.env(name));
    await host.files.remove(`${path}.ack`);
    await host.files.remove(`${path}.sign`);
    const file = new EventFileWriter(host, path);
    const toFile = jsonReporter((line) => file.append(line));
    const reporter = {
      emit(event: ReportEvent): void {
        toFile.emit(event);
        context.reporter.emit(event);
      },
    };
    const sign: SignStep = async (release, work) => {
      file.append(signLine(release));
      await file.flush();
      return await untilSigned(path, host, work);
    };
    const outcome = await rollOut({ ...context, reporter }, sign).then(
      (report) => ({ report }),
      (thrown: unknown) => ({ error: toFlyhotError(thrown) }),
    );
    const exitCode = "report" in outcome
      ? exitCodeOf(outcome.report)
      : outcome.error.exitCode;
    file.append(endLine(exitCode, outcome));
    try {
      await file.flush();
      await untilAcknowledged(path, host, signal);
    } catch (error) {
      // Nobody can follow then, but how the rollout ended stays true.
      const why = errorText(error);
      context.reporter.emit({
        type: "warning",
        text: `Cannot write ${path}: ${why}`,
      });
    }
    if ("error" in outcome) throw outcome.error;
    return answerReport(outcome.report, context);
  },
});

async function rollOut(
  { host, reporter, signal }: CommandEnvironment,
  sign: SignStep,
): Promise<RolloutReport> {
  const task = parseTask(host.env(TASK_VARIABLE));
  const config = loadTaskConfig(task, (name) => host.env(name));
  const bucket = openBucket(config, host);
  const api = await openMachinesApi(task.app, config, host, {
    flyctl: null,
    signal,
  });
  return await orchestrate(
    orchestrateOptions(config, {
      app: task.app,
      root: host.cwd(),
      sourceImageRef: task.sourceImageRef,
      deployedBy: task.deployedBy,
      force: task.force,
      consent: task.consent,
      ...given({ commit: task.commit, message: task.message }),
      dryRun: false,
      gitIgnored: false,
      ...(task.sign ? { sign } : {}),
    }),
    { host, bucket, fleet: new MachinesFleet(api), reporter },
    signal,
  );
}

/** Waits until whoever follows has compared what was packed with what is there, and signed it. */
async function untilSigned(
  path: string,
  host: Host,
  signal: AbortSignal,
): Promise<ReleaseSignature> {
  const end = host.monotonicNow() + SIGN_MS_MAX;
  while (host.monotonicNow() < end) {
    signal.throwIfAborted();
    const text = await host.files.readText(`${path}.sign`);
    if (text !== null) {
      const answer = parseSignAnswer(text);
      if ("signature" in answer) return answer.signature;
      const { code, message, hint } = answer.refused;
      throw new FlyhotError(
        isErrorCode(code) ? code : "unexpected",
        message,
        hint === null ? {} : { hint },
      );
    }
    await host.sleep(SIGN_LOOK_MS, signal);
  }
  throw new FlyhotError(
    "incomplete",
    `Cannot sign the release: whoever started this did not answer within ${
      SIGN_MS_MAX / 1000
    } s; nothing was changed`,
    { hint: "run flyhot hot again, and leave it running until it ends" },
  );
}

/** Stays for a while, so that whoever follows can read the end; nobody may be there. */
async function untilAcknowledged(
  path: string,
  host: Host,
  signal: AbortSignal,
): Promise<void> {
  const end = host.monotonicNow() + ACKNOWLEDGE_MS_MAX;
  while (!signal.aborted && host.monotonicNow() < end) {
    if (await host.files.stat(`${path}.ack`)) return;
    await host.sleep(ACKNOWLEDGE_LOOK_MS, signal).catch(() => {});
  }
}
