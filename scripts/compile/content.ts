/**
 * What must be in a bundle of the CLI, and what must not.
 *
 * @module
 */

import { COMMANDS } from "../../src/commands/table.ts";
import { FlyhotError } from "../../src/errors.ts";

/**
 * Checks that a bundle holds the commands, and nothing of the tests.
 *
 * @param bundle The text of the bundle.
 * @throws {FlyhotError} `unexpected` naming what is missing or too much.
 */
export function checkContent(bundle: string): void {
  const wrong = [
    ...COMMANDS.filter(({ summary }) => !bundle.includes(summary))
      .map(({ name }) => `it lacks flyhot ${name}`),
    ...(bundle.includes("Deno.test(") ? ["it has tests in it"] : []),
  ];
  if (wrong.length === 0) return;
  throw new FlyhotError(
    "unexpected",
    `Cannot use the bundle of cli.ts: ${wrong.join(", ")}`,
  );
}
