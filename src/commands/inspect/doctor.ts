/** `flyhot doctor`: is everything there that an upgrade needs?
 * @module
 */
import { APP_FLAGS, BUCKET_FLAGS, placeIn } from "../../config/app_flags.ts";
import { type Command, defineCommand } from "../command.ts";
import { SUMMARIES } from "../summaries.ts";
import { doctorText } from "../../doctor/doctor_report.ts";
import { doctor } from "../../doctor/doctor.ts";

/** `flyhot doctor` */
export const doctorCommand: Command = defineCommand({
  name: "doctor",
  summary: SUMMARIES.doctor,
  description: [
    "Looks at fly and who is logged in, at the token and what it may see, at the bucket, its clock and whether it really honors conditional writes, at every machine that runs (runtime, Deno, free disk, variables), and at the app in this folder. In the bucket it writes one object under releases/<app>-doctor/ and removes it; it changes nothing else.",
    "Exit code 0 if nothing failed, warnings or not; else that of the first failure's kind.",
  ],
  flags: [...APP_FLAGS, ...BUCKET_FLAGS],
  examples: [
    { title: "The app in this folder", command: "flyhot doctor" },
    {
      title: "In CI, before the first upgrade",
      command:
        "flyhot doctor --json | jq '.checks[] | select(.verdict != \"pass\")'",
    },
  ],
  async run(context) {
    const { flags, signal, answer } = context;
    const report = await doctor(
      placeIn(flags),
      context,
      signal,
    );
    answer({ text: doctorText(report), json: report, folds: true });
    return report.exit_code;
  },
});
