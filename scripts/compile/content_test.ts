import { assertEquals, assertThrows } from "@std/assert";
import { COMMANDS } from "../../src/commands/table.ts";
import { FlyhotError } from "../../src/errors.ts";
import { checkContent } from "./content.ts";

const WHOLE = COMMANDS.map(({ summary }) => summary).join("\n");

Deno.test("checkContent() takes a bundle with every command", () => {
  assertEquals(checkContent(WHOLE), undefined);
});

Deno.test("checkContent() names what is missing and what is too much", () => {
  const { name, summary } = COMMANDS[0]!;
  assertThrows(
    () => checkContent(`${WHOLE.replace(summary, "")}\nDeno.test(() => {});`),
    FlyhotError,
    `Cannot use the bundle of cli.ts: it lacks flyhot ${name}, it has tests in it`,
  );
});
