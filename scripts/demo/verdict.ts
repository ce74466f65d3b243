/** The table at the end of the tour.
 * @module
 */
import { bold, green, red } from "@std/fmt/colors";
import type { TourReport } from "./tour.ts";

/** Lays the report out for people. */
export function verdictText(report: TourReport, colors: boolean): string {
  const paint = (style: (text: string) => string, text: string) =>
    colors ? style(text) : text;
  const mark = (good: boolean) => good ? paint(green, "✓") : paint(red, "✗");
  const { requests, sockets, state, machines } = report;
  const row = (good: boolean, name: string, value: string) =>
    `  ${mark(good)} ${name.padEnd(26)} ${value}\n`;
  let text = `\n${paint(bold, "What happened")}\n\n`;
  text += row(
    requests.failed === 0,
    "requests",
    `${requests.total} sent, ${requests.failed} failed`,
  );
  text += row(
    sockets.dropped === 0,
    "sockets",
    `${sockets.opened} opened, ${sockets.dropped} dropped by an upgrade (${sockets.closed_with_machine} closed with a restarted or replaced machine)`,
  );
  text += row(
    sockets.met_new_code,
    "",
    "those open before the upgrade were answered by the new code",
  );
  for (const { id, region, total_ms, reloaded, same_process } of machines) {
    text += row(
      same_process,
      `${id} (${region})`,
      `${reloaded} modules reloaded in ${total_ms ?? "?"} ms, ${
        same_process ? "same process" : "another process"
      }`,
    );
    text += row(
      state.followed,
      "",
      `${JSON.stringify(state.before[id])} -> ${
        JSON.stringify(state.after[id])
      }`,
    );
  }
  text += row(
    report.package_added,
    "new package",
    "downloaded by the machines, no image built for it",
  );
  text += row(
    report.restart_reapplied,
    "restarted machine",
    "came back on version 2",
  );
  text += row(
    report.crash_undone,
    "release that crashes",
    "undone on the canary, the others never met it",
  );
  text += row(
    report.stranger_refused,
    "release of a stranger",
    "refused: its signature is not one that the image trusts",
  );
  text += row(
    report.cold_deploy_clean,
    "cold deploy",
    "version 4, not overlaid by version 2",
  );
  text += `\n  total ${(report.total_ms / 1000).toFixed(1)} s\n`;
  for (const problem of report.problems) text += `  ${paint(red, problem)}\n`;
  text += `\n${
    report.ok
      ? paint(green, "All as it should be.")
      : paint(red, "Not as it should be.")
  }\n`;
  return text;
}
