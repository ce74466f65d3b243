/** `flyhot logs`: what the machines logged, whole.
 * @module
 */
import { APP_FLAGS, given } from "../../config/app_flags.ts";
import { loadConfig } from "../../config/load.ts";
import { requireApp } from "../../config/resolve.ts";
import { flyctlMissing, withFlyctl } from "../../fly/flyctl.ts";
import { type Command, defineCommand } from "../command.ts";
import { SUMMARIES } from "../summaries.ts";

/** `flyhot logs` */
export const logsCommand: Command = defineCommand({
  name: "logs",
  summary: SUMMARIES.logs,
  description: [
    "Shows the newest lines that one machine logged, or all of them, as fly logs --no-tail does: on Fly, and in a sandbox whose fly stands first in PATH. No line is cut.",
  ],
  argument: { name: "machine", description: "One machine (default: all)" },
  flags: APP_FLAGS,
  examples: [
    { title: "All machines of the app in this folder", command: "flyhot logs" },
    {
      title: "What one of them said of its upgrades",
      command: "flyhot logs 6e82954f711e87 | grep flyhot",
    },
  ],
  async run({ flags, host, signal, argument, answer }) {
    const config = await loadConfig(
      host,
      given({ config: flags.config, app: flags.app }),
    );
    const app = requireApp(config);
    const lines = await withFlyctl(
      host,
      (flyctl) => flyctl.logLines(app, argument ?? null, signal),
    );
    if (lines === null) throw flyctlMissing(`read the logs of ${app}`);
    answer({ text: lines.join("\n"), json: { app, lines } });
    return 0;
  },
});
