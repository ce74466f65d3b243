import { assertEquals, assertStrictEquals } from "@std/assert";
import { errorText } from "../base/error_text.ts";
import { UpgradeError } from "../base/upgrade_error.ts";
import { placedError, placedStack, placedText } from "./placed_error.ts";

const PLACES = {
  root: "file:///srv/my%20app/",
  releases: "file:///srv/my%20app/.flyhot/releases/",
};
const release = (path: string) => `${PLACES.releases}0a1b2c3d4e5f/${path}`;
const thrown = (message: string, ...frames: string[]) =>
  Object.assign(new Error(message), {
    stack: [`Error: ${message}`, ...frames.map((it) => `    at ${it}`)].join(
      "\n",
    ),
  });
const said = (error: unknown) => errorText(placedError(error, PLACES));

Deno.test("messages name modules by their paths, wherever their release is unpacked", () => {
  assertEquals(
    said(
      thrown(
        `The requested module 'node:fs' does not provide an export named 'x' at ${
          release("deep/b.ts")
        }:2:10`,
        `${release("deep/b.ts")}:2:10`,
      ),
    ),
    "The requested module 'node:fs' does not provide an export named 'x' at deep/b.ts:2:10",
  );
  assertEquals(
    said(new Error(`Module not found "${PLACES.root}gone.ts?flyhot=12".`)),
    `Module not found "gone.ts".`,
  );
});

Deno.test("what is thrown while modules load is said with the innermost place in the app", () => {
  assertEquals(
    said(
      thrown(
        "boom",
        "Map.get (ext:core/01.js:1:2)",
        `f (${release("deep/b.ts")}:5:9)`,
        `${release("app.ts")}:1:1`,
      ),
    ),
    "boom (deep/b.ts:5:9)",
  );
  assertEquals(
    said(thrown("boom", `async ${PLACES.root}app.js?flyhot=7:3:1`)),
    "boom (app.js:3:1)",
  );
  // Nobody knows where, and it is not made up.
  for (
    const error of [
      thrown("boom", "https://esm.sh/x.js:1:1"),
      thrown(`boom at ${PLACES.root}x.ts:1:1?`),
      "boom",
    ]
  ) assertEquals(said(error).startsWith("boom"), true);
  assertEquals(said(thrown("boom", "https://esm.sh/x.js:1:1")), "boom");
  assertEquals(said("boom"), "boom");
});

Deno.test("what flyhot itself says stays as it is, and stacks are the app's own", () => {
  const own = new UpgradeError("load", "refused");
  assertStrictEquals(placedError(own, PLACES), own);
  assertEquals(
    placedStack(thrown("boom", `${release("a.ts")}:1:2`), PLACES),
    `Error: boom\n    at ${PLACES.root}a.ts:1:2`,
  );
  assertEquals(placedStack(thrown("boom"), PLACES), null);
  assertEquals(
    placedText(`${PLACES.root}a.ts?v=1&flyhot=3:1:2`, PLACES),
    `${PLACES.root}a.ts?v=1:1:2`,
  );
});
