/** Upgrades small programs one after the other.
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Programs, RunningPrograms } from "./program.ts";

/** Upgrades each, and looks whether it is refused as it is to be, or answers as it is to. */
export async function eachInTurn(
  hot: RunningPrograms,
  programs: Programs,
): Promise<void> {
  for (const [name, { refused, answer }] of Object.entries(programs)) {
    const report = await hot.upgrade([name]);
    if (refused === undefined) {
      assertEquals(report.state, "applied", JSON.stringify(report));
      assertEquals((await hot.ask(1))[name], answer);
      continue;
    }
    assertEquals(report.state, "failed", `${name} ${JSON.stringify(report)}`);
    const why = refused.replaceAll("NAME", name);
    assertStringIncludes(report.failure!.message, why);
    await hot.upgrade([name], "before");
  }
}
