import { assertEquals } from "@std/assert";
import { lockChanges, lockedVersions } from "./locked_versions.ts";

const LOCK = `{
  "version": "5",
  "specifiers": { "jsr:@std/path@^1.1.0": "1.1.6", "npm:hono@4": "4.6.1" },
  "npm": {}
}`;

Deno.test("lockedVersions() reads the chosen versions, and nothing out of a text that is not a lock file", () => {
  assertEquals({ ...lockedVersions(LOCK) }, {
    "jsr:@std/path@^1.1.0": "1.1.6",
    "npm:hono@4": "4.6.1",
  });
  for (const text of ["", "{", "[]", "{}", '{ "specifiers": 5 }']) {
    assertEquals({ ...lockedVersions(text) }, {}, text);
  }
});

Deno.test("lockChanges() minds only requirements that both sides have", () => {
  const before = lockedVersions(LOCK);
  assertEquals(lockChanges(before, before), []);
  assertEquals(
    lockChanges(before, { "npm:hono@4": "4.7.0", "npm:new@1": "1.0.0" }),
    [
      "npm:hono@4 changes from 4.6.1 to 4.7.0",
    ],
  );
  assertEquals(lockChanges({}, before), []);
});
