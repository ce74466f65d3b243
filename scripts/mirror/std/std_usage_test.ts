/**
 * Uses the standard library as flyhot does. On an open network these run
 * against JSR, on a closed one against the mirror: both must pass.
 */

import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertIsError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
  unreachable,
} from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { format as formatBytes } from "@std/fmt/bytes";
import { bold, rgb24, stripAnsiCode } from "@std/fmt/colors";
import {
  fromFileUrl,
  globToRegExp,
  join,
  SEPARATOR,
  toFileUrl,
} from "@std/path";
import * as posix from "@std/path/posix";
import { TextLineStream } from "@std/streams/text-line-stream";
import { TarStream, type TarStreamInput, UntarStream } from "@std/tar";
import { parse, stringify } from "@std/toml";

/** Compiles only if the two types are the same. */
function sameType<A, B>(
  ..._: (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2)
    ? []
    : [never]
): void {}

Deno.test("@std/assert passes what holds", () => {
  assert(true);
  assertFalse(0);
  assertAlmostEquals(0.1 + 0.2, 0.3);
  assertArrayIncludes([1, 2, 3], [3, 1]);
  assertExists("");
  assertGreater(2, 1);
  assertGreaterOrEqual(2, 2);
  assertLess(1, 2);
  assertLessOrEqual(1, 1);
  assertMatch("abc", /b/);
  assertNotEquals<unknown>({ a: 1 }, { a: 2 });
  assertNotStrictEquals({}, {});
  assertObjectMatch({ a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } });
  assertStringIncludes("abc", "b");
  assert(equal(new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]])));
});

Deno.test("@std/assert fails what does not, with its own error", () => {
  for (const wrong of [() => assert(0), () => fail("x"), () => unreachable()]) {
    const error = assertThrows(wrong, AssertionError);
    sameType<typeof error, AssertionError>();
  }
  assertThrows(
    () => assertEquals<unknown>([1], [2]),
    AssertionError,
    "not equal",
  );
});

Deno.test("@std/assert narrows types", async () => {
  const value = [new RangeError("too far"), undefined][0];
  assertExists(value);
  sameType<typeof value, RangeError>();
  const unknown: unknown = value;
  assertInstanceOf(unknown, RangeError);
  sameType<typeof unknown, RangeError>();
  assertIsError(value, Error, "too");
  const rejected = await assertRejects(
    () => Promise.reject(value),
    RangeError,
    "far",
  );
  sameType<typeof rejected, RangeError>();
});

Deno.test("@std/cli parses arguments into the types they are declared with", () => {
  const args = parseArgs(
    ["--app", "web", "--force", "--env=a", "--env=b", "7", "--", "rest"],
    {
      string: ["app", "region", "env"],
      boolean: ["force", "json"],
      collect: ["env"],
      default: { region: "auto" },
      "--": true,
    },
  );
  sameType<typeof args.app, string | undefined>();
  sameType<typeof args.region, string>();
  sameType<typeof args.env, string[]>();
  sameType<typeof args.force, boolean>();
  sameType<typeof args._, (string | number)[]>();
  assertEquals({ ...args }, {
    _: [7],
    "--": ["rest"],
    app: "web",
    region: "auto",
    env: ["a", "b"],
    force: true,
    json: false,
  });
  const unknown: string[] = [];
  parseArgs(["--what"], {
    boolean: ["force"],
    unknown: (argument) => void unknown.push(argument),
  });
  assertEquals(unknown, ["--what"]);
});

Deno.test("@std/fmt writes for people", () => {
  assertEquals(formatBytes(1536, { binary: true }), "1.5 kiB");
  assertEquals(
    stripAnsiCode(bold("a") + rgb24("b", { r: 1, g: 2, b: 3 })),
    "ab",
  );
});

Deno.test("@std/path joins, relates and matches", () => {
  assertEquals(join("a", "..", "b"), "b");
  assertEquals(posix.normalize("/a/./b/../c"), "/a/c");
  assertEquals(posix.relative("/a/b", "/a/c"), "../c");
  assertEquals(fromFileUrl(toFileUrl(join(SEPARATOR, "a b"))).slice(-3), "a b");
  assert(globToRegExp("src/**/*.ts").test(join("src", "a", "b.ts")));
  sameType<ReturnType<typeof posix.parse>["ext"], string>();
});

Deno.test("@std/streams cuts text into lines", async () => {
  const lines = ReadableStream.from(["a\nb\r", "\nc"])
    .pipeThrough(new TextLineStream());
  assertEquals(await Array.fromAsync(lines), ["a", "b", "c"]);
});

Deno.test("@std/toml reads and writes", () => {
  const config = parse(`app = "web"\n[env]\nPORT = 8080\n`);
  sameType<typeof config, Record<string, unknown>>();
  assertEquals(config, { app: "web", env: { PORT: 8080 } });
  assertEquals(parse(stringify(config)), config);
  assertThrows(() => parse("app ="), SyntaxError);
});

Deno.test("@std/tar writes archives that it reads", async () => {
  const text = new TextEncoder().encode("hello");
  const inputs: TarStreamInput[] = [
    { type: "directory", path: "d/", options: { mtime: 0 } },
    {
      type: "file",
      path: "d/f.txt",
      size: text.length,
      readable: ReadableStream.from([text]),
      options: { mode: 0o600, mtime: 1, uid: 2, gid: 3, uname: "u" },
    },
  ];
  const zipped = ReadableStream.from(inputs)
    .pipeThrough(new TarStream())
    .pipeThrough(new CompressionStream("gzip"));
  const found: [string, string, string | undefined][] = [];
  for await (
    const entry of zipped.pipeThrough(new DecompressionStream("gzip"))
      .pipeThrough(new UntarStream())
  ) {
    const content = entry.readable &&
      await new Response(entry.readable).text();
    found.push([entry.path, entry.header.typeflag, content]);
  }
  assertEquals(found, [["d/", "5", undefined], ["d/f.txt", "0", "hello"]]);
});

Deno.test("@std/tar makes the same bytes on every network", async () => {
  const archive = ReadableStream.from<TarStreamInput>([
    {
      type: "directory",
      path: "p".repeat(80) + "/" + "n".repeat(80),
      options: { mtime: 1_700_000_000, uname: "ann", gname: "staff" },
    },
    {
      type: "file",
      path: "f",
      size: 3,
      readable: ReadableStream.from([new Uint8Array([1, 2, 3])]),
      options: { mode: 0o755, mtime: 0, uid: 7, gid: 8 },
    },
  ]).pipeThrough(new TarStream());
  const bytes = await new Response(archive).bytes();
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  assertEquals(
    new Uint8Array(digest).toHex(),
    "209ff9a61762edeb4f32b8ae13477a0a3ee085c08b83e1a308d9443487f43833",
  );
});
