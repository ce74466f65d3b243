import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  boolean,
  count,
  fields,
  listOf,
  nullable,
  object,
  oneOf,
  optional,
  orElse,
  ProtocolError,
  type Reader,
  recordOf,
  reject,
  sha256Hex,
  string,
} from "./parse.ts";

const DIGEST = "0123456789abcdef".repeat(4);

Deno.test("readers take what they are for, and name place, expectation and value of anything else", () => {
  const cases: [
    name: string,
    reader: Reader<unknown>,
    good: unknown[],
    bad: unknown[],
    expected: string,
  ][] = [
    ["string", string, ["", "a"], [1, null, undefined, [], {}], "a string"],
    [
      "count",
      count,
      [0, 1, 1.5, 1e300],
      [-1, NaN, Infinity, "1", null],
      "a number that is not negative",
    ],
    ["boolean", boolean, [true, false], [0, "true", null], "true or false"],
    ["sha256Hex", sha256Hex, [DIGEST], [
      DIGEST.toUpperCase(),
      DIGEST.slice(1),
      `${DIGEST}0`,
      `${DIGEST}\n`,
      1,
    ], "a SHA-256 digest of 64 lower-case hex digits"],
    ["object", object, [{}, { a: 1 }], [null, [], "a", 1], "an object"],
    ["oneOf", oneOf("a", "b"), ["a", "b"], ["c", "", 1, null], "one of a, b"],
    ["listOf", listOf(string), [[], ["a"]], [{}, "a", null], "a list"],
  ];
  for (const [name, reader, good, bad, expected] of cases) {
    for (const value of good) assertEquals(reader(value, "it"), value, name);
    for (const value of bad) {
      const error = assertThrows(() => reader(value, "it"), ProtocolError);
      assert(
        error.message.startsWith(
          `Cannot read it: expected ${expected}, found `,
        ),
        error.message,
      );
    }
  }
});

Deno.test("readers name the place inside of lists and records", () => {
  assertThrows(
    () => listOf(string)(["a", 1], "list"),
    ProtocolError,
    "Cannot read list[1]: expected a string, found 1",
  );
  assertThrows(
    () => recordOf(count)({ "a/b": 1, "c d": "x" }, "map"),
    ProtocolError,
    `Cannot read map["c d"]: expected a number that is not negative, found "x"`,
  );
});

Deno.test("recordOf() makes objects in which no key names an inherited member", () => {
  const record = recordOf(string)(
    JSON.parse(`{"__proto__":"a","constructor":"b"}`),
    "it",
  );
  assertEquals(Object.getPrototypeOf(record), null);
  assertEquals(Object.entries(record), [["__proto__", "a"], [
    "constructor",
    "b",
  ]]);
  assertEquals(record.toString, undefined);
});

Deno.test("fields() reads what it knows, in the order of its table, and names the field that is wrong", () => {
  interface Place {
    readonly path: string;
    readonly line?: number;
    readonly chain: readonly string[];
  }
  const place = fields<Place>({
    path: string,
    line: optional(count),
    chain: orElse(listOf(string), []),
  });
  const text = (value: unknown) => JSON.stringify(place(value, "place"));
  assertEquals(text({ path: "a.ts", other: 1 }), `{"path":"a.ts","chain":[]}`);
  assertEquals(
    text({ chain: ["b"], line: 2, path: "a.ts" }),
    `{"path":"a.ts","line":2,"chain":["b"]}`,
  );
  assertThrows(() => place({}, "place"), ProtocolError, "place.path");
  assertThrows(
    () => place({ path: "a.ts", line: null }, "place"),
    ProtocolError,
    "place.line",
  );
});

Deno.test("nullable() takes null, and nothing else that is empty", () => {
  assertEquals(nullable(string)(null, "it"), null);
  assertEquals(nullable(string)("a", "it"), "a");
  assertThrows(() => nullable(string)(undefined, "it"), ProtocolError);
});

Deno.test("reject() shows the value found, shortened", () => {
  const message = (found: unknown) => {
    const error = assertThrows(() => reject("it", "x", found), ProtocolError);
    assertEquals(error.name, "ProtocolError");
    return error.message;
  };
  assertEquals(message(undefined), "Cannot read it: expected x, found nothing");
  assertEquals(message(() => {}), "Cannot read it: expected x, found function");
  assertEquals(
    message("a".repeat(200)),
    `Cannot read it: expected x, found "${"a".repeat(76)}...`,
  );
});
