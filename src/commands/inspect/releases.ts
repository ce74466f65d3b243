/** `flyhot releases`: what was deployed, by whom, when, and what became of it.
 * @module
 */
import { loadConfig, openBucket } from "../../config/load.ts";
import { requireApp } from "../../config/resolve.ts";
import { oneLine } from "../../base/one_line.ts";
import { readPointer } from "../../rollout/pointer/pointer.ts";
import { APP_FLAGS, BUCKET_FLAGS, placeIn } from "../../config/app_flags.ts";
import { type Command, defineCommand } from "../command.ts";
import { SUMMARIES } from "../summaries.ts";
import { releasesReport, releasesText } from "../../reports/releases_text.ts";

/** `flyhot releases` */
export const releasesCommand: Command = defineCommand({
  name: "releases",
  summary: SUMMARIES.releases,
  description: [
    "Shows for each base image what its machines run and what they ran before: version, state, when, by whom and how large. The id is what flyhot rollback takes.",
  ],
  flags: [...APP_FLAGS, ...BUCKET_FLAGS],
  examples: [
    { title: "The app in this folder", command: "flyhot releases" },
    {
      title: "The ids that were committed, for a script",
      command:
        `flyhot releases --json | jq -r '.generations[0].upgrades[] | select(.state == "committed") | .id'`,
    },
  ],
  async run(context) {
    const { flags, host, reporter, signal } = context;
    const config = await loadConfig(
      host,
      placeIn(flags),
    );
    const app = requireApp(config);
    const { pointer } = await readPointer(
      openBucket(config, host),
      app,
      signal,
      (text) => reporter.emit({ type: "warning", text: oneLine(text) }),
    );
    const report = releasesReport(app, pointer);
    context.answer({ text: releasesText(report), json: report, folds: true });
    return 0;
  },
});
