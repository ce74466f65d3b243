/** `flyhot plan`: hot or cold, and why.
 * @module
 */
import {
  APP_FLAGS,
  CONSENT_FLAGS,
  consentIn,
  given,
  VERBOSE_FLAG,
} from "../../config/app_flags.ts";
import { type Command, defineCommand } from "../command.ts";
import { SUMMARIES } from "../summaries.ts";
import { dryRun } from "../rollout/dry_run.ts";

/** `flyhot plan` */
export const planCommand: Command = defineCommand({
  name: "plan",
  summary: SUMMARIES.plan,
  description: [
    "Packs the working tree and compares it with what a running machine has loaded. Builds and writes nothing. The same as: flyhot hot --dry-run.",
    "Exit code 0 if it can go hot, 8 if it needs a cold deploy.",
  ],
  flags: [...APP_FLAGS, ...CONSENT_FLAGS, VERBOSE_FLAG],
  examples: [
    { title: "The app in this folder", command: "flyhot plan" },
    {
      title: "What would happen if a holder's state were given up",
      command: "flyhot plan --drop sessions",
    },
    {
      title: "Deploy hot where possible, cold where not",
      command: "flyhot plan; case $? in 0) flyhot hot;; 8) fly deploy;; esac",
    },
  ],
  async run(context) {
    const { config, app, verbose } = context.flags;
    const consent = consentIn(context.flags);
    return await dryRun(
      { ...given({ config, app }), consent },
      context,
      verbose,
    );
  },
});
