import { assertEquals, assertThrows } from "@std/assert";
import { DEFAULT_MASKS, masked, maskOf, withoutPlaces } from "./masks.ts";

const hidden = (text: string) => masked(text, DEFAULT_MASKS);

Deno.test("the default masks hide times and ids", () => {
  const cases: Record<string, string> = {
    "2026-11-28T14:05:55Z": "<time>",
    "2026-11-28T14:05:55.123Z": "<time>",
    "2026-11-28T14:05:55+01:00": "<time>",
    "2026-11-28T14:05": "<time>",
    "2026-11-28 14:05:55.5": "<time>",
    "at 2026-11-28T14:05:55.123456+0100, or so": "at <time>, or so",
    "Sat, 28 Nov 2026 14:05:55 GMT": "<time>",
    "Sat, 28 Nov 2026 14:05:55 +0100": "<time>",
    "6F9619FF-8B86-D011-B42D-00CF4FC964FF": "<uuid>",
    '{"id":"123e4567-e89b-42d3-a456-426614174000"}': '{"id":"<uuid>"}',
    "user_123e4567-e89b-42d3-a456-426614174000": "user_<uuid>",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV": "<ulid>",
    "/a/01JDSTQ5W3AAAAAAAAAAAAAAAA/b": "/a/<ulid>/b",
    '{"at":1795874755123}': '{"at":<ms>}',
    "1795874755123.5 and 1795874755124": "<ms> and <ms>",
    "t=1795874755123&u": "t=<ms>&u",
  };
  for (const [text, shown] of Object.entries(cases)) {
    assertEquals(hidden(text), shown, text);
  }
});

Deno.test("the default masks leave what an app may well have chosen", () => {
  for (
    const text of [
      "due 2026-11-28",
      "14:05:55",
      "12345",
      "1795874755",
      "17958747551234",
      "0.1795874755123",
      "2795874755123",
      "ABCDEFGHJKMNPQRSTVWXYZ0123",
      "123e4567-e89b-42d3-a456-42661417400",
      "a123e4567-e89b-42d3-a456-426614174000",
      "01arz3ndektsv4rrffq69g5fav",
      "count 3",
      "",
    ]
  ) assertEquals(hidden(text), text);
});

Deno.test("maskOf() takes texts and regular expressions, and all places that they match", () => {
  assertEquals(masked("v12 v3", [maskOf("v\\d+")]), "<masked> <masked>");
  assertEquals(masked("a A", [maskOf(/A/i)]), "<masked> <masked>");
  assertEquals(masked("aa", [maskOf(/a/y)]), "<masked><masked>");
  assertEquals(
    masked("é\u{1F600}", [maskOf("\\p{Emoji_Presentation}")]),
    "é<masked>",
  );
  // Used twice, it begins at the front both times.
  const mask = maskOf(/x/g);
  assertEquals([masked("ax", [mask]), masked("x", [mask])], [
    "a<masked>",
    "<masked>",
  ]);
  // What is shown instead is not a pattern of replaceAll().
  assertEquals(masked("a", [{ pattern: /a/g, shown: "$&$&" }]), "$&$&");
});

Deno.test("maskOf() refuses what is not a regular expression, or matches nothing", () => {
  assertThrows(() => maskOf("("), SyntaxError);
  for (const source of ["", "a*", "(?:)", "^", "\\b|", "x?"]) {
    assertThrows(
      () => maskOf(source),
      SyntaxError,
      "it matches where nothing is",
    );
  }
});

Deno.test("withoutPlaces() hides the address and the folder of a process", () => {
  assertEquals(
    withoutPlaces(
      "http://127.0.0.1:4001/a from /tmp/x/app/a.ts, not 127.0.0.1:40012",
      [["127.0.0.1:4001/", "<host>/"], ["/tmp/x/app", "<folder>"]],
    ),
    "http://<host>/a from <folder>/a.ts, not 127.0.0.1:40012",
  );
});
