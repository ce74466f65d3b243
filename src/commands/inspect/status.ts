/** `flyhot status`: what every machine runs.
 * @module
 */
import { FlyhotError } from "../../errors.ts";
import { APP_FLAGS, BUCKET_FLAGS, placeIn } from "../../config/app_flags.ts";
import { type Command, defineCommand } from "../command.ts";
import { SUMMARIES } from "../summaries.ts";
import { openStatus, status } from "../../status/read.ts";
import { statusExitCode } from "../../status/status.ts";
import { statusText } from "../../status/text.ts";
import { watchStatus } from "../../status/watch.ts";

/** `flyhot status` */
export const statusCommand: Command = defineCommand({
  name: "status",
  summary: SUMMARIES.status,
  description: [
    "Asks each running machine for its base image and the hot upgrade that is applied. With credentials for the bucket, machines are compared with the current release; without, with each other. A Fly token is all it needs.",
    "Exit code 7 if a machine does not run what it should, serves nobody or cannot be asked, or if a rollout was left half way; the output says which command mends it.",
    "With --watch it asks again and again, until Ctrl-C, and shows a machine a line; where stdout is not a terminal, one table after the other. Not with --json, which answers with one value: ask again yourself.",
  ],
  flags: [
    ...APP_FLAGS,
    {
      name: "watch",
      type: "integer",
      short: "w",
      min: 1,
      bare: 5,
      value: "seconds",
      description: "Show it again and again",
      default: "5 seconds between",
    },
    ...BUCKET_FLAGS,
  ],
  examples: [
    {
      title: "The app of the fly.toml in this folder",
      command: "flyhot status",
    },
    {
      title: "Another configuration",
      command: "flyhot status --config fly-staging.toml",
    },
    { title: "During an upgrade", command: "flyhot status --watch 2" },
    {
      title: "Machines that are behind, for a script",
      command:
        `flyhot status --json | jq '.machines[] | select(.verdict == "behind") | .id'`,
    },
  ],
  async run(context) {
    const { flags, host, signal } = context;
    const options = placeIn(flags);
    if (flags.watch === undefined) {
      const report = await status(options, context, signal);
      context.answer({ text: statusText(report), json: report, folds: true });
      return statusExitCode(report);
    }
    if (context.json) {
      throw new FlyhotError(
        "usage",
        "Cannot combine --watch with --json: --json answers with exactly one value",
        {
          hint:
            "ask again yourself: while sleep 5; do flyhot status --json; done",
        },
      );
    }
    await watchStatus(
      () => openStatus(options, context, signal),
      flags.watch * 1000,
      host,
      signal,
    );
    return 0;
  },
});
