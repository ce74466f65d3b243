import { assertEquals } from "@std/assert";
import { newHref } from "./new_href.ts";
import { CONTENT_HASH, type PageNews } from "./page_events.ts";

const PAGE = "https://example.com/some/page?a#b";

/** What becomes of a link of the page; both as paths. */
function become(
  path: string,
  news: Partial<Pick<PageNews, "hashed" | "changed">>,
): string | null {
  const href = newHref(
    new URL(path, PAGE).href,
    PAGE,
    { hashed: [], changed: [], fingerprint: "f1", ...news },
    CONTENT_HASH,
  );
  return href?.replace("https://example.com", "") ?? null;
}

Deno.test("newHref() asks again for a stylesheet that changed under its name, and for no other", () => {
  const changed = ["static/app.css", "static/my page.css"];
  for (
    const [path, expected] of [
      ["/static/app.css", "/static/app.css?flyhot=f1"],
      ["/elsewhere/app.css", "/elsewhere/app.css?flyhot=f1"],
      ["/app.css?v=2", "/app.css?v=2&flyhot=f1"],
      ["/app.css?flyhot=f0", "/app.css?flyhot=f1"],
      ["/my%20page.css", "/my%20page.css?flyhot=f1"],
      ["/other.css", null],
      ["/app.css.old", null],
      ["/%ff.css", null],
      ["/", null],
    ] as const
  ) {
    assertEquals(become(path, { changed }), expected, path);
  }
});

Deno.test("newHref() asks again for everything when it is not known what changed", () => {
  assertEquals(become("/x/app.css", { changed: null }), "/x/app.css?flyhot=f1");
  assertEquals(
    become("/x/app.css?flyhot=f1", { changed: null }),
    null,
    "it has been asked for already",
  );
});

Deno.test("newHref() follows a file whose name changed with its hash", () => {
  const hashed = ["static/app.bbbbb2.css", "static/print.ccccc3.css"];
  for (
    const [path, expected] of [
      ["/static/app.aaaaa1.css", "/static/app.bbbbb2.css"],
      ["/static/app.aaaaa1.css?flyhot=f0", "/static/app.bbbbb2.css"],
      ["/cdn/app.aaaaa1.css?v=1", "/cdn/app.bbbbb2.css?v=1"],
      ["/static/app.bbbbb2.css", null],
      ["/static/app.css", null],
      ["/static/other.aaaaa1.css", null],
    ] as const
  ) {
    assertEquals(become(path, { hashed }), expected, path);
  }
});

Deno.test("newHref() asks again for a hashed file that changed all the same", () => {
  const hashed = ["app.aaaaa1.css"];
  assertEquals(
    become("/app.aaaaa1.css", { hashed, changed: hashed }),
    "/app.aaaaa1.css?flyhot=f1",
  );
});

Deno.test("newHref() takes the one in the same folder where several could be meant, or none", () => {
  const hashed = [
    "one/index.bbbbb2.css",
    "two/index.ccccc3.css",
    "many/part.bbbbb2.css",
    "many/part.ccccc3.css",
  ];
  for (
    const [path, expected] of [
      ["/one/index.aaaaa1.css", "/one/index.bbbbb2.css"],
      ["/two/index.aaaaa1.css", "/two/index.ccccc3.css"],
      ["/index.aaaaa1.css", null],
      ["/many/part.aaaaa1.css", null],
    ] as const
  ) {
    assertEquals(become(path, { hashed }), expected, path);
  }
});

Deno.test("newHref() spells a name as a URL does", () => {
  assertEquals(
    become("/caf%C3%A9%20%23.aaaaa1.css", { hashed: ["café #.bbbbb2.css"] }),
    "/caf%C3%A9%20%23.bbbbb2.css",
  );
});

Deno.test("newHref() leaves alone what is not of the page's origin, or no URL", () => {
  for (
    const href of [
      "https://cdn.example.com/app.css",
      "http://example.com/app.css",
      "https://example.com:444/app.css",
      "blob:https://example.com/0b0e2ad6",
      "data:text/css,",
      "https://",
      "",
    ]
  ) {
    const news = { hashed: [], changed: null, fingerprint: "f1" };
    assertEquals(newHref(href, PAGE, news, CONTENT_HASH), null, href);
  }
});
