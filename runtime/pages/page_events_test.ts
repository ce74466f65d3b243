import { assertEquals } from "@std/assert";
import {
  CONTENT_HASH,
  eventText,
  stylesheets,
  withHash,
} from "./page_events.ts";

Deno.test("CONTENT_HASH matches hashes, not words", () => {
  for (
    const [name, rest] of [
      ["app.3f9a2c.css", "app.css"],
      ["app-3f9a2c1d77aa.css", "app.css"],
      ["app.3f9a2c1d.min.css", "app.min.css"],
      ["index-B-x3_z12.css", "index.css"],
      ["index-DiwrgTda.css", "index.css"],
      ["chunk-QWERTYUI.css", "chunk.css"],
      ["my-page-styles-3f9a2c1d.css", "my-page-styles.css"],
      ["app.css", null],
      ["app.min.css", null],
      ["page-footer.css", null],
      ["page-styles.min.css", null],
      ["bootstrap-5.3.2.css", null],
      ["theme-v2.css", null],
      ["app.3f9a2c1d.js", null],
      ["app.3f9a2c1d.css.map", null],
    ] as const
  ) {
    assertEquals(name.replace(CONTENT_HASH, ""), rest ?? name);
  }
});

Deno.test("stylesheets() and withHash() keep what their names say", () => {
  const paths = [
    "a.css",
    "b/app.3f9a2c.css",
    "app.3f9a2c.js",
    "css",
    "a.CSS.x",
  ];
  assertEquals(stylesheets(paths), ["a.css", "b/app.3f9a2c.css"]);
  assertEquals(withHash(stylesheets(paths)), ["b/app.3f9a2c.css"]);
  assertEquals(withHash(["app.3f9a2c.css", "x-1234567.css"]).length, 2);
});

Deno.test("eventText() writes one message, whatever the payload holds", () => {
  assertEquals(
    eventText("hello", { text: "two\nlines" }),
    'event: hello\ndata: {"text":"two\\nlines"}\n\n',
  );
});
