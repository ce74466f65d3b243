import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadAll } from "../../../src/commands/table.ts";
import { FlyhotError } from "../../../src/errors.ts";
import { beginning, checkContent } from "./content.ts";

const ALL = await loadAll();
const WHOLE = ALL.flatMap(({ summary, description }) => [
  summary,
  ...description,
]).join("\n");

Deno.test("checkContent() takes a bundle with every command", async () => {
  assertEquals(await checkContent(WHOLE), undefined);
});

Deno.test("checkContent() names what is missing and what is too much", async () => {
  const { name, summary } = ALL[0]!;
  await assertRejects(
    () => checkContent(`${WHOLE.replace(summary, "")}\nDeno.test(() => {});`),
    FlyhotError,
    `Cannot use the bundle of cli.ts: it lacks flyhot ${name}, it has tests in it`,
  );
});

Deno.test("checkContent() is not content with the list of commands", async () => {
  const list = ALL.map(({ summary }) => summary).join("\n");
  const error = await assertRejects(() => checkContent(list), FlyhotError);
  for (const { name, description } of ALL) {
    assert(error.message.includes(`it lacks flyhot ${name}`), error.message);
    assert(beginning(description).length > 10, name);
  }
});
