import { assert, assertStringIncludes } from "@std/assert";
import { unpack, UNPACK_LIMITS } from "./unpack.ts";
import {
  concat,
  gzip,
  manifestEntry,
  manifestOf,
  releaseOf,
  sha256,
  tar,
} from "../../../tests/support/archives/tar.ts";
import { tempFolder } from "../../../tests/support/temp_folder.ts";
import { type Attempt, MIB, NEVER, refused } from "./unpack_fixture_test.ts";

/** Counts what is decompressed while it is in use. */
class DecompressedBytes implements Disposable {
  readonly #real = DecompressionStream;
  count = 0;

  constructor() {
    const count = (bytes: number) => this.count += bytes;
    const Real = this.#real;
    globalThis.DecompressionStream = class {
      readonly writable: WritableStream<BufferSource>;
      readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
      constructor(format: CompressionFormat) {
        const real = new Real(format);
        this.writable = real.writable;
        this.readable = real.readable.pipeThrough(
          new TransformStream({
            transform(chunk, controller) {
              count(chunk.byteLength);
              controller.enqueue(chunk);
            },
          }),
        );
      }
    };
  }

  [Symbol.dispose](): void {
    globalThis.DecompressionStream = this.#real;
  }
}

// Limits

Deno.test("unpack() takes as many files as its limit says, and not one more", async () => {
  const files = { "a.ts": "a", "b.ts": "b" };
  await using folder = await tempFolder();
  await Deno.writeFile(folder.join("r.tar.gz"), releaseOf(files));
  // The manifest counts as well.
  await unpack(folder.join("r.tar.gz"), folder.join("out"), NEVER, {
    ...UNPACK_LIMITS,
    files: 3,
  });
  const error = await refused({
    bytes: releaseOf(files),
    limits: { files: 2 },
  });
  assertStringIncludes(error.message, "there are more than 2 files");
});

Deno.test("unpack() takes as many bytes as its limits say, and not one more", async () => {
  const files = { "a.ts": "12345", "b.ts": "1234" };
  await using folder = await tempFolder();
  await Deno.writeFile(folder.join("r.tar.gz"), releaseOf(files));
  await unpack(folder.join("r.tar.gz"), folder.join("out"), NEVER, {
    files: 10,
    fileBytes: 5,
    totalBytes: 9,
  });
  const file = await refused({
    bytes: releaseOf(files),
    limits: { fileBytes: 4 },
  });
  assertStringIncludes(
    file.message,
    'Cannot unpack "a.ts" from ',
  );
  assertStringIncludes(file.message, ": it is longer than 4 bytes");
  const total = await refused({
    bytes: releaseOf(files),
    limits: { totalBytes: 8 },
  });
  assertStringIncludes(total.message, "the release is longer than 8 bytes");
});

Deno.test("unpack() reads little of a bomb before it refuses it", async () => {
  const bomb = new Uint8Array(40 * MIB);
  // Nothing but zeros would come out in pieces of 64 MiB.
  for (let at = 0, noise = 1; at < bomb.length; at++) {
    if (at % 512 < 48) bomb[at] = noise = noise * 48271 % 0x7fffffff;
  }
  const honest = manifestOf({ "app.ts": "app" });
  const boasting = manifestOf({});
  boasting.files = {
    "bomb.bin": { sha256: sha256("x"), size: bomb.length, kind: "asset" },
  };
  const cases: Record<string, Attempt> = {
    "as the manifest": {
      entries: [{ path: "flyhot.json", content: bomb }],
    },
    "before the manifest": { entries: [{ path: "bomb.bin", content: bomb }] },
    "unnamed": {
      entries: [manifestEntry(honest), { path: "bomb.bin", content: bomb }],
    },
    "outside": {
      entries: [manifestEntry(honest), { path: "../bomb", content: bomb }],
    },
    "no file": {
      entries: [
        manifestEntry(honest),
        { path: "app.ts", content: bomb, type: "x" },
      ],
    },
    "named, but shorter": {
      entries: [manifestEntry(honest), { path: "app.ts", content: bomb }],
    },
    "over the limit": {
      entries: [manifestEntry(boasting), { path: "bomb.bin", content: bomb }],
      limits: { fileBytes: MIB },
    },
    "after the end": {
      bytes: gzip(concat([tar([manifestEntry(honest)]), bomb])),
    },
  };
  for (const [place, attempt] of Object.entries(cases)) {
    using decompressed = new DecompressedBytes();
    await refused(attempt);
    assert(
      decompressed.count < bomb.length / 4,
      `${place}: ${decompressed.count} bytes of ${bomb.length} decompressed`,
    );
  }
});
