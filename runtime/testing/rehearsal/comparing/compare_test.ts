import { assertEquals } from "@std/assert";
import { type Answer, comparable } from "./answers.ts";
import { differencesOf, differenceText } from "./compare.ts";
import { DEFAULT_MASKS, maskOf } from "./masks.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const http = (
  status: number,
  headers: Record<string, string> | [string, string][] = {},
  body: string | Uint8Array<ArrayBuffer> = "",
): Answer => ({
  kind: "http",
  status,
  headers: Array.isArray(headers) ? headers : Object.entries(headers),
  body: typeof body === "string" ? bytes(body) : body,
});
const socket = (
  received: (string | Uint8Array<ArrayBuffer>)[],
  closed: number | null = null,
): Answer => ({ kind: "socket", received, closed });

const REQUEST = { number: 2, request: "GET /a" };
const between = (hot: Answer, fresh: Answer, ...masks: (string | RegExp)[]) =>
  differencesOf(
    REQUEST,
    comparable(hot, {
      masks: [...masks.map(maskOf), ...DEFAULT_MASKS],
      places: [["127.0.0.1:1", "<host>"], ["/tmp/hot", "<folder>"]],
    }),
    comparable(fresh, {
      masks: [...masks.map(maskOf), ...DEFAULT_MASKS],
      places: [["127.0.0.1:2", "<host>"], ["/tmp/fresh", "<folder>"]],
    }),
  ).map(({ what, upgraded, fresh }) => [what, upgraded, fresh]);

Deno.test("answers that say the same are the same", () => {
  const pairs: [Answer, Answer][] = [
    [http(200, { a: "1", b: "2" }), http(200, { b: "2", a: "1" })],
    [
      http(200, {
        date: "Sat, 28 Nov 2026 14:05:55 GMT",
        etag: '"a"',
        "last-modified": "Sat, 28 Nov 2026 14:05:55 GMT",
        "content-length": "3",
        "x-request-id": "7",
      }),
      http(200, {
        date: "Sat, 28 Nov 2026 14:05:56 GMT",
        etag: '"b"',
        "last-modified": "Sat, 28 Nov 2026 14:05:57 GMT",
        "content-length": "4",
        "x-request-id": "9",
      }),
    ],
    [
      http(302, { location: "http://127.0.0.1:1/x" }),
      http(302, { location: "http://127.0.0.1:2/x" }),
    ],
    [http(200, {}, "at /tmp/hot/a.ts"), http(200, {}, "at /tmp/fresh/a.ts")],
    [
      http(200, { "set-cookie": "sid=abc; Path=/; HttpOnly" }),
      http(200, { "set-cookie": "sid=def; Path=/; HttpOnly" }),
    ],
    [
      http(200, {}, '{"at":1795874755123,"n":1}'),
      http(200, {}, '{"at":1795874755199,"n":1}'),
    ],
    [
      http(200, {}, new Uint8Array([255, 0])),
      http(200, {}, new Uint8Array([255, 0])),
    ],
    [
      socket(["a", "at 2026-11-28T14:05:55Z"]),
      socket([
        "a",
        "at 2026-11-28T14:06:00Z",
      ]),
    ],
    [socket([], 1000), socket([], 1000)],
  ];
  for (const [hot, fresh] of pairs) assertEquals(between(hot, fresh), []);
});

Deno.test("every way in which answers can differ is told", () => {
  const cases: [Answer, Answer, [string, string | null, string | null][]][] = [
    [http(500), http(200), [["status", "500", "200"]]],
    [http(200, { a: "1" }), http(200), [["header a", "1", null]]],
    [http(200), http(200, { a: "1" }), [["header a", null, "1"]]],
    [http(200, { etag: "1" }), http(200), [["header etag", "<masked>", null]]],
    [
      http(200, { "content-type": "text/html" }),
      http(200, { "content-type": "text/plain" }),
      [["header content-type", "text/html", "text/plain"]],
    ],
    [
      http(200, [["set-cookie", "a=1"], ["set-cookie", "b=2"]]),
      http(200, [["set-cookie", "a=1"]]),
      [["header set-cookie", "a=<masked>\nb=<masked>", "a=<masked>"]],
    ],
    [
      http(200, { "set-cookie": "a=; Path=/" }),
      http(200, { "set-cookie": "a=1; Path=/" }),
      [["header set-cookie", "a=; Path=/", "a=<masked>; Path=/"]],
    ],
    [
      http(200, { "set-cookie": "a=1; Path=/x" }),
      http(200, { "set-cookie": "a=1; Path=/" }),
      [["header set-cookie", "a=<masked>; Path=/x", "a=<masked>; Path=/"]],
    ],
    [http(200, {}, "1"), http(200, {}, "2"), [["body", "1", "2"]]],
    [http(200, {}, "1 "), http(200, {}, "1"), [["body", "1 ", "1"]]],
    [
      http(200, {}, '{"a":1,"b":2}'),
      http(200, {}, '{"b":2,"a":1}'),
      [["body", '{"a":1,"b":2}', '{"b":2,"a":1}']],
    ],
    [
      http(200, {}, new Uint8Array([255])),
      http(200, {}, new Uint8Array([254])),
      [["body", "base64 /w==", "base64 /g=="]],
    ],
    [
      http(200, {}, "due 2026-11-28"),
      http(200, {}, "due 2026-11-29"),
      [["body", "due 2026-11-28", "due 2026-11-29"]],
    ],
    [socket(["a"]), socket(["a", "b"]), [["messages", "a", "a\nb"]]],
    [socket(["b", "a"]), socket(["a", "b"]), [["messages", "b\na", "a\nb"]]],
    [socket([], 1011), socket([]), [["close", "1011", null]]],
    [
      { kind: "none", why: "connection refused" },
      http(200),
      [["status", null, "200"], ["body", null, ""], [
        "answer",
        "connection refused",
        null,
      ]],
    ],
  ];
  for (const [hot, fresh, wanted] of cases) {
    assertEquals(between(hot, fresh), wanted);
  }
});

Deno.test("a mask hides on both sides, and only what it matches", () => {
  const hot = http(200, { "x-build": "b17" }, "id-17 n 1");
  assertEquals(
    between(hot, http(200, { "x-build": "b3" }, "id-3 n 1"), "(?:b|id-)\\d+"),
    [],
  );
  assertEquals(
    between(hot, http(200, { "x-build": "b3" }, "id-3 n 2"), "(?:b|id-)\\d+"),
    [["body", "<masked> n 1", "<masked> n 2"]],
  );
  // On one side only there is something to hide.
  assertEquals(
    between(http(200, {}, "id-1"), http(200, {}, "none"), "id-\\d+"),
    [["body", "<masked>", "none"]],
  );
});

Deno.test("differenceText() says who said what", () => {
  assertEquals(
    differenceText({
      ...REQUEST,
      what: "body",
      upgraded: "1",
      fresh: null,
    }),
    'GET /a (request 2): body is "1" in the upgraded process, nothing in a fresh one',
  );
  assertEquals(
    differenceText({
      number: 0,
      request: "start",
      what: "answer",
      upgraded: "it serves",
      fresh: "it ended",
    }),
    'start: answer is "it serves" in the upgraded process, "it ended" in a fresh one',
  );
});
