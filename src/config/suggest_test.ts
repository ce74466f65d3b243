import { assertEquals } from "@std/assert";
import { nearestName } from "./suggest.ts";

const NAMES = ["config", "skip-build", "image", "dry-run", "force", "local"];

Deno.test("nearestName() finds the name behind a slip of the finger", () => {
  for (
    const [word, name] of [
      ["skipbuild", "skip-build"],
      ["skip-biuld", "skip-build"],
      ["dryrun", "dry-run"],
      ["imgae", "image"],
      ["conf", "config"],
      ["forse", "force"],
    ] as const
  ) {
    assertEquals(nearestName(word, NAMES), name);
  }
});

Deno.test("nearestName() stays silent when nothing is near", () => {
  for (const word of ["x", "verbose", "zzzzzz", ""]) {
    assertEquals(nearestName(word, NAMES), null);
  }
});
