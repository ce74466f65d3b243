import {
  assertEquals,
  assertExists,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  assertValidPath,
  assertValidTarStreamOptions,
  TarStream,
  type TarStreamEntry,
  type TarStreamInput,
  UntarStream,
} from "./mod.ts";

const BLOCK = 512;
const encoder = new TextEncoder();

function file(path: string, text: string): TarStreamInput {
  const bytes = encoder.encode(text);
  return {
    type: "file",
    path,
    size: bytes.length,
    readable: ReadableStream.from(bytes.length > 0 ? [bytes] : []),
    options: { mtime: 0 },
  };
}

function pack(...inputs: TarStreamInput[]): Promise<Uint8Array<ArrayBuffer>> {
  const archive = ReadableStream.from(inputs).pipeThrough(new TarStream());
  return new Response(archive).bytes();
}

/** Cuts bytes into chunks, to prove that block borders do not matter. */
function* chunks(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.slice(at, at + size);
  }
}

function open(bytes: Uint8Array, chunkSize = bytes.length) {
  return ReadableStream.from(chunks(bytes, chunkSize))
    .pipeThrough(new UntarStream());
}

type Listed = Pick<TarStreamEntry, "path" | "header"> & { text?: string };

async function list(bytes: Uint8Array, chunkSize?: number): Promise<Listed[]> {
  const listed: Listed[] = [];
  for await (const { path, header, readable } of open(bytes, chunkSize)) {
    if (!readable) listed.push({ path, header });
    else {
      const text = await new Response(readable).text();
      listed.push({ path, header, text });
    }
  }
  return listed;
}

/** A header made by hand, for what `TarStream` does not write. */
function rawHeader(
  fields: {
    name: string;
    typeflag?: string;
    linkname?: string;
    size?: string;
    magic?: string;
  },
): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const text = (at: number, value: string) =>
    encoder.encodeInto(value, block.subarray(at));
  text(0, fields.name);
  text(100, "000644 \x00000000 \x00000000 \x00");
  text(124, fields.size ?? "00000000000 ");
  text(136, "00000000000 ");
  text(148, " ".repeat(8));
  text(156, fields.typeflag ?? "0");
  text(157, fields.linkname ?? "");
  text(257, fields.magic ?? "ustar\x0000");
  const sum = block.reduce((sum, byte) => sum + byte);
  text(148, sum.toString(8).padStart(6, "0") + "\0 ");
  return block;
}

function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    parts.reduce((size, part) => size + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const END = new Uint8Array(2 * BLOCK);

Deno.test("TarStream writes every header field where ustar has it", async () => {
  const bytes = await pack({
    type: "directory",
    path: "p".repeat(60) + "/" + "n".repeat(60),
    options: {
      mode: 0o750,
      uid: 0o12,
      gid: 0o34,
      mtime: 0o1234567,
      uname: "ann",
      gname: "staff",
      devmajor: "1",
      devminor: "2",
    },
  });
  const text = (from: number, to: number) =>
    new TextDecoder().decode(bytes.subarray(from, to));
  assertEquals(text(0, 100), "n".repeat(60) + "\0".repeat(40));
  assertEquals(text(100, 124), "000750 \x00000012 \x00000034 \x00");
  assertEquals(text(124, 148), "00000000000 00001234567 ");
  assertEquals(text(154, 157), "\0 5");
  assertEquals(text(257, 270), "ustar\x0000ann\0\0");
  assertEquals(text(297, 304), "staff\0\0");
  assertEquals(text(329, 345), "1\0\0\0\0\0\0\x002\0\0\0\0\0\0\0");
  assertEquals(text(345, 500), "p".repeat(60) + "\0".repeat(95));
  assertEquals(bytes.length, 3 * BLOCK);
});

Deno.test("TarStream uses documented defaults and leaves the caller's options alone", async () => {
  const options = { mtime: 5 };
  const input: TarStreamInput = { ...file("a", "x"), options };
  const [entry] = await list(await pack(input));
  assertEquals(entry?.header.mode, 0o644);
  assertEquals(entry?.header.mtime, 5);
  assertEquals(entry?.header.uid, 0);
  assertEquals(options, { mtime: 5 });
});

Deno.test("TarStream gives the same bytes to a reader that brings its own buffer", async () => {
  const inputs = () => [file("a", "one"), file("b", "x".repeat(600))];
  const whole = await pack(...inputs());
  const reader = ReadableStream.from(inputs()).pipeThrough(new TarStream())
    .getReader({ mode: "byob" });
  const parts: Uint8Array[] = [];
  while (true) {
    const { done, value } = await reader.read(new Uint8Array(100));
    if (value) parts.push(value);
    if (done) break;
  }
  assertEquals(concat(...parts), whole);
});

Deno.test("TarStream refuses content that is not as long as it says", async () => {
  await assertRejects(
    () => pack({ ...file("short.txt", "abc"), size: 4 } as TarStreamInput),
    RangeError,
    "short.txt to the tar archive: its readable gave 3 bytes where its size says 4",
  );
  await assertRejects(
    () => pack({ ...file("a", ""), size: -1 } as TarStreamInput),
    RangeError,
    "is not between 0 and 64 GiB",
  );
});

Deno.test("assertValidPath() allows what two fields can hold", () => {
  assertValidPath("a".repeat(100));
  assertValidPath("a".repeat(155) + "/" + "b".repeat(99));
  assertThrows(
    () => assertValidPath("a/".repeat(129)),
    RangeError,
    "258 bytes, 256 is the limit",
  );
  assertThrows(
    () => assertValidPath("a/" + "b".repeat(120)),
    RangeError,
    "its last part is over 99 bytes long",
  );
  assertThrows(
    () => assertValidPath("a".repeat(156) + "/" + "b".repeat(90)),
    TypeError,
    "no slash splits it",
  );
  // Bytes count, not characters.
  assertThrows(() => assertValidPath("ü".repeat(60)), RangeError);
});

Deno.test("assertValidTarStreamOptions() refuses what a field cannot hold", () => {
  assertValidTarStreamOptions({});
  assertValidTarStreamOptions({ mode: 0o777777, uname: "a".repeat(31) });
  for (
    const options of [
      { mode: -1 },
      { uid: 0o1000000 },
      { gid: NaN },
      { mtime: 8 ** 11 },
      { uname: "a".repeat(32) },
      { gname: "é" },
      { devmajor: "123456789" },
    ]
  ) {
    assertThrows(() => assertValidTarStreamOptions(options), TypeError);
  }
});

Deno.test("UntarStream reads what TarStream writes, however it is cut", async () => {
  const long = "d".repeat(90) + "/" + "f".repeat(90);
  const bytes = await pack(
    { type: "directory", path: "dir/" },
    file("dir/empty", ""),
    file("dir/block", "b".repeat(BLOCK)),
    file(long, "long"),
    file("last", "l".repeat(1300)),
  );
  for (const chunkSize of [1, 100, 511, 512, 513, 5000, bytes.length]) {
    const listed = await list(bytes, chunkSize);
    assertEquals(listed.map(({ path, text }) => [path, text]), [
      ["dir/", undefined],
      ["dir/empty", ""],
      ["dir/block", "b".repeat(BLOCK)],
      [long, "long"],
      ["last", "l".repeat(1300)],
    ]);
  }
});

Deno.test("UntarStream gives the next entry once the content before it is cancelled", async () => {
  const bytes = await pack(file("a", "x".repeat(5000)), file("b", "y"));
  const reader = open(bytes, 700).getReader();
  const first = await reader.read();
  let given = false;
  const second = reader.read().finally(() => given = true);
  const content = first.value?.readable?.getReader();
  for (let read = 0; read < 2000;) {
    read += (await content?.read())?.value?.length ?? 0;
    assertEquals(given, false);
  }
  await content?.cancel();
  const { value } = await second;
  assertEquals(value?.path, "b");
  await value?.readable?.cancel();
  assertEquals((await reader.read()).done, true);
});

Deno.test("UntarStream lets hostile entries through as they are", async () => {
  const content = new Uint8Array(BLOCK);
  const size = "00000000003 ";
  const listed = await list(concat(
    rawHeader({ name: "../../etc/passwd" }),
    rawHeader({ name: "/abs" }),
    rawHeader({ name: "hard", typeflag: "1", linkname: "/etc/shadow" }),
    rawHeader({ name: "soft", typeflag: "2", linkname: "../x" }),
    rawHeader({ name: "char", typeflag: "3" }),
    rawHeader({ name: "block", typeflag: "4" }),
    rawHeader({ name: "pipe", typeflag: "6" }),
    rawHeader({ name: "pax", typeflag: "x", size }),
    content,
    rawHeader({ name: "global", typeflag: "g", size }),
    content,
    rawHeader({ name: "longname", typeflag: "L", size }),
    content,
    rawHeader({ name: "odd", typeflag: "Z", size }),
    content,
    rawHeader({ name: "dir/", typeflag: "0" }),
    rawHeader({ name: "old", typeflag: "\0", magic: "" }),
    rawHeader({ name: "gnu", magic: "ustar  \0" }),
    END,
  ));
  assertEquals(
    listed.map(({ path, header }) => [path, header.typeflag, header.linkname]),
    [
      ["../../etc/passwd", "0", ""],
      ["/abs", "0", ""],
      ["hard", "1", "/etc/shadow"],
      ["soft", "2", "../x"],
      ["char", "3", ""],
      ["block", "4", ""],
      ["pipe", "6", ""],
      ["pax", "x", ""],
      ["global", "g", ""],
      ["longname", "L", ""],
      ["odd", "Z", ""],
      ["dir/", "0", ""],
      ["old", "0", ""],
      ["gnu", "0", ""],
    ],
  );
  const empty = listed.filter(({ text }) => text === undefined);
  assertEquals(
    empty.map(({ header }) => header.typeflag),
    ["1", "2", "3", "4", "6"],
  );
});

Deno.test("UntarStream ends a truncated archive with an error, wherever it is cut", async () => {
  const bytes = await pack(file("a", "x".repeat(600)), file("b", "y"));
  for (let length = 0; length < bytes.length; length += 64) {
    await assertRejects(
      () => list(bytes.slice(0, length), 300),
      Error,
      "Cannot extract the tar archive: it",
      `cut to ${length} bytes`,
    );
  }
});

Deno.test("UntarStream refuses a header whose checksum is wrong", async () => {
  const bytes = await pack(file("a", "x"));
  bytes[0] = 0x62;
  await assertRejects(() => list(bytes), SyntaxError, "a header has the check");
  const lone = concat(new Uint8Array(BLOCK), rawHeader({ name: "a" }));
  await assertRejects(() => list(lone), TypeError, "not two empty blocks");
});

Deno.test("UntarStream stops at the end mark and cancels its source", async () => {
  let cancelled = false;
  const bytes = concat(await pack(file("a", "x")), rawHeader({ name: "b" }));
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(bytes.slice()),
    cancel() {
      cancelled = true;
    },
  });
  const paths: string[] = [];
  for await (const entry of source.pipeThrough(new UntarStream())) {
    paths.push(entry.path);
    await entry.readable?.cancel();
  }
  assertEquals(paths, ["a"]);
  assertEquals(cancelled, true);
});

Deno.test("UntarStream passes the source's own error on", async () => {
  const bytes = await pack(file("a", "x".repeat(3000)));
  async function* broken() {
    yield bytes.slice(0, 1000);
    await Promise.reject(new Error("the line is cut"));
  }
  const reader = ReadableStream.from(broken()).pipeThrough(new UntarStream())
    .getReader();
  const { value } = await reader.read();
  assertExists(value?.readable);
  const { readable } = value;
  await assertRejects(
    () => new Response(readable).text(),
    Error,
    "the line is cut",
  );
  await assertRejects(() => reader.read(), Error, "the line is cut");
});
