import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { writeStream } from "./write_stream.ts";
import { tempFolder } from "../../../../tests/support/temp_folder.ts";

const NEVER = new AbortController().signal;
const bytes = (text: string) => new TextEncoder().encode(text);

/** A stream that never ends, and what it was canceled with. */
function endless(): {
  stream: ReadableStream<Uint8Array>;
  cancelled: Promise<unknown>;
} {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(bytes("x")),
    cancel: resolve,
  });
  return { stream, cancelled: promise };
}

Deno.test("writeStream() writes every piece, and leaves no resource open", async () => {
  await using folder = await tempFolder();
  const pieces = ["a", "", "bc"].map(bytes);
  await writeStream(folder.join("f"), ReadableStream.from(pieces), NEVER);
  assertEquals(await Deno.readTextFile(folder.join("f")), "abc");
  await writeStream(folder.join("empty"), ReadableStream.from([]), NEVER);
  assertEquals(await Deno.readTextFile(folder.join("empty")), "");
});

Deno.test("writeStream() gives what is short, and writes what is not", async () => {
  await using folder = await tempFolder();
  const written = (pieces: string[], max: number, file: string) =>
    writeStream(
      folder.join(file),
      ReadableStream.from(pieces.map(bytes)),
      NEVER,
      () => {},
      max,
    );
  assertEquals(await written(["a", "", "bc"], 3, "a"), bytes("abc"));
  assertEquals(await written([], 0, "b"), bytes(""));
  assertEquals(await folder.list(), []);
  assertEquals(await written(["a", "", "bc", "d"], 3, "c"), null);
  assertEquals(await written(["abc"], 2, "d"), null);
  assertEquals(await Deno.readTextFile(folder.join("c")), "abcd");
  assertEquals(await Deno.readTextFile(folder.join("d")), "abc");
});

Deno.test("writeStream() leaves a file that exists alone, and cancels the stream", async () => {
  await using folder = await tempFolder();
  await Deno.writeTextFile(folder.join("f"), "mine");
  const { stream, cancelled } = endless();
  const error = await assertRejects(
    () => writeStream(folder.join("f"), stream, NEVER),
    Deno.errors.AlreadyExists,
  );
  assertStrictEquals(await cancelled, error);
  assertEquals(await Deno.readTextFile(folder.join("f")), "mine");
});

Deno.test("writeStream() follows no link to write somewhere else", async () => {
  await using folder = await tempFolder();
  await Deno.symlink(folder.join("target"), folder.join("link"));
  const { stream } = endless();
  await assertRejects(
    () => writeStream(folder.join("link"), stream, NEVER),
    Deno.errors.AlreadyExists,
  );
  assertEquals(await folder.list(), ["link"]);
});

Deno.test("writeStream() fails as its stream does", async () => {
  await using folder = await tempFolder();
  const cause = new RangeError("cut");
  const stream = ReadableStream.from((function* () {
    yield bytes("a");
    throw cause;
  })());
  assertStrictEquals(
    await assertRejects(() => writeStream(folder.join("f"), stream, NEVER)),
    cause,
  );
});

Deno.test("writeStream() stops when its signal says so, and cancels the stream", async () => {
  for (const early of [true, false]) {
    await using folder = await tempFolder();
    const reason = new DOMException("too slow", "TimeoutError");
    const controller = new AbortController();
    if (early) controller.abort(reason);
    const { stream, cancelled } = endless();
    const writing = assertRejects(
      () => writeStream(folder.join("f"), stream, controller.signal),
      DOMException,
      "too slow",
    );
    controller.abort(reason);
    await writing;
    assertStrictEquals(await cancelled, reason);
  }
});
