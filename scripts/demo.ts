/** The tour: a small Fly on loopback, one app on three machines, upgraded hot while load never stops.
 * @module
 */
// What the machines of the tour load must be in the cache: they have no way to a registry of their own.
import "npm:acorn@8.19.0";
import "npm:escape-html@1.0.3";
import { parseArgs } from "node:util";
import { tour, type TourReport } from "./demo/tour.ts";
import { verdictText } from "./demo/verdict.ts";
import { fold } from "../src/ui/format.ts";

const HELP =
  `The tour: deploys an ordinary app to three machines of a small Fly on loopback and upgrades it hot under load.

Usage: deno task demo [--json]

  --json  print one JSON object on standard output instead of the table
`;

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false, short: "h" },
  },
});

if (values.help) {
  await write(Deno.stdout, HELP);
} else {
  const report: TourReport = await tour((line) =>
    write(Deno.stderr, fitting(line + "\n", Deno.stderr))
  );
  await write(
    Deno.stdout,
    values.json ? JSON.stringify(report, null, 2) + "\n" : fitting(
      verdictText(report, Deno.stdout.isTerminal() && !Deno.noColor),
      Deno.stdout,
    ),
  );
  if (!report.ok) Deno.exitCode = 1;
}

/** Text for whoever looks: where that is a person, no word is cut by the end of a line. */
function fitting(text: string, to: { isTerminal(): boolean }): string {
  return to.isTerminal() ? fold(text, Deno.consoleSize().columns || 80) : text;
}

async function write(
  to: { write(bytes: Uint8Array<ArrayBuffer>): Promise<number> },
  text: string,
): Promise<void> {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(await to.write(bytes));
}
