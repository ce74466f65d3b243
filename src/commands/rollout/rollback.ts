/** `flyhot rollback`: back to an earlier release.
 * @module
 */
import { loadConfig, openBucket } from "../../config/load.ts";
import { requireApp } from "../../config/resolve.ts";
import { FlyhotError } from "../../errors.ts";
import { rollback } from "../../rollout/rollback.ts";
import { APP_FLAGS, BUCKET_FLAGS, given } from "../../config/app_flags.ts";
import { type Command, defineCommand } from "../command.ts";
import { SUMMARIES } from "../summaries.ts";
import {
  deployerName,
  openFleet,
  openMachinesApi,
} from "../../rollout/fly_access.ts";
import { answerReport } from "./rollout_run.ts";

/** `flyhot rollback` */
export const rollbackCommand: Command = defineCommand({
  name: "rollback",
  summary: SUMMARIES.rollback,
  description: [
    "Points the machines to the release before the current one, or to the one named, by an ordinary upgrade: state goes back by the down migrations, and a holder that has none makes it impossible, which is said.",
    "Waits until all running machines are back; exit code 7 if one is not.",
  ],
  argument: {
    name: "id",
    description:
      "The upgrade to go back to, as flyhot releases lists it (default: the one before)",
  },
  flags: [
    ...APP_FLAGS,
    {
      name: "to-base",
      type: "boolean",
      description: "Go back to the code of the base image",
    },
    {
      name: "force",
      type: "boolean",
      description: "Take the deploy lock over from whoever holds it",
    },
    {
      name: "lock-timeout",
      type: "integer",
      value: "seconds",
      min: 10,
      description: "How long the deploy lock holds without renewal",
      default: "300",
    },
    {
      name: "timeout",
      type: "integer",
      value: "seconds",
      min: 1,
      description: "How long one machine may take",
      default: "120",
    },
    ...BUCKET_FLAGS,
  ],
  examples: [
    { title: "To the release before", command: "flyhot rollback" },
    {
      title: "To the image as it was deployed",
      command: "flyhot rollback --to-base",
    },
    {
      title: "To a release of the history",
      command: "flyhot releases; flyhot rollback 01K94R8Q3M7Z6T2V5W9X1Y4B8C",
    },
  ],
  async run(context) {
    const { flags, argument, host, reporter, signal } = context;
    if (flags["to-base"] && argument !== undefined) {
      throw new FlyhotError(
        "usage",
        `Cannot roll back to ${argument} and to the base image: choose one`,
        { hint: "leave out --to-base, or the id" },
      );
    }
    const config = await loadConfig(
      host,
      given({
        config: flags.config,
        app: flags.app,
        bucket: flags.bucket,
        endpoint: flags.endpoint,
        timeout: flags.timeout,
        lockTimeout: flags["lock-timeout"],
      }),
    );
    const app = requireApp(config);
    const bucket = openBucket(config, host);
    const api = await openMachinesApi(app, config, host, { signal });
    const to = flags["to-base"] ? "base" : argument;
    const report = await rollback(
      {
        app,
        ...(to === undefined ? {} : { to }),
        deployedBy: await deployerName(host, undefined, signal),
        timeoutMs: config.timeoutMs.value,
        lockTtlMs: config.lockTtlMs.value,
        force: flags.force,
      },
      { host, bucket, fleet: openFleet(api, host), reporter },
      signal,
    );
    return answerReport(report, context);
  },
});
