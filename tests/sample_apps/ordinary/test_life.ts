/** The test of an ordinary app: it is taken through all its versions.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { canBeHad } from "../../support/packages.ts";
import { liveThrough } from "./live_through.ts";
import type { Story } from "./story.ts";

/** Declares the test of an app. */
export async function testLife(story: Story): Promise<void> {
  const ignore = !await canBeHad(story.packages);
  Deno.test({
    name:
      `the ${story.name}, which knows of nothing, lives through its history as fresh processes of each version would${
        ignore ? " (skipped: its packages are not to be had)" : ""
      }`,
    ignore,
    async fn() {
      const { violations, lines, answers } = await liveThrough(story);
      assertEquals(violations, [], lines.join("\n"));
      assert(lines.length >= 10, `${lines.length} versions`);
      assert(answers > 30 * lines.length, `${answers} answers`);
    },
  });
}
