/**
 * What must be in a bundle of the CLI, and what must not.
 *
 * @module
 */

import { loadAll } from "../../../src/commands/table.ts";
import type { CommandShape } from "../../../src/config/command_shape.ts";
import { FlyhotError } from "../../../src/errors.ts";

/** Checks that a bundle holds the commands, and nothing of the tests. */
export async function checkContent(bundle: string): Promise<void> {
  const wrong = [
    ...(await loadAll()).filter((command) => !isWhole(bundle, command))
      .map(({ name }) => `it lacks flyhot ${name}`),
    ...(bundle.includes("Deno.test(") ? ["it has tests in it"] : []),
  ];
  if (wrong.length === 0) return;
  throw new FlyhotError(
    "unexpected",
    `Cannot use the bundle of cli.ts: ${wrong.join(", ")}`,
  );
}

/** The list of commands has the summary, wherever the command itself is. */
function isWhole(
  bundle: string,
  { summary, description }: Pick<CommandShape, "summary" | "description">,
): boolean {
  return bundle.includes(summary) && bundle.includes(beginning(description));
}

/** The first words of a description; what follows may be written in other ways in a bundle. */
export function beginning([first = ""]: readonly string[]): string {
  return /^[\w ,.()-]*/.exec(first)?.[0] ?? "";
}
