import { assert, assertEquals } from "@std/assert";
import {
  type Manifest,
  PROTOCOL_VERSION,
  sha256Of,
} from "@flyhot/runtime/protocol";
import { archiveOf, evenPieces } from "./archive.ts";

Deno.test("evenPieces() passes every byte on, in pieces that do not depend on how they came", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  const content = new Uint8Array(200_001);
  for (let at = 0; at < content.length; at += bytes.length) {
    content.set(bytes.subarray(0, content.length - at), at);
  }
  for (const size of [1000, 512, 65_536, 65_537, 200_001]) {
    const cut: Uint8Array<ArrayBuffer>[] = [new Uint8Array()];
    for (let at = 0; at < content.length; at += size) {
      cut.push(content.slice(at, at + size));
    }
    const pieces = await Array.fromAsync(
      ReadableStream.from(cut).pipeThrough(evenPieces()),
    );
    assertEquals(pieces.map(({ length }) => length), [
      65_536,
      65_536,
      65_536,
      3393,
    ]);
    assertEquals(
      await sha256Of(await new Blob(pieces).bytes()),
      await sha256Of(content),
    );
  }
  const none = ReadableStream.from<Uint8Array<ArrayBuffer>>([]);
  assertEquals(await Array.fromAsync(none.pipeThrough(evenPieces())), []);
});

Deno.test("archiveOf() gives the same bytes however the files are read, and packs zeros well", async () => {
  const size = 8 * 1024 * 1024;
  const content = new Uint8Array(size);
  const manifest: Manifest = {
    protocol: PROTOCOL_VERSION,
    app: "shop",
    version: "1",
    source_image_ref: "local:1",
    entries: [],
    files: {
      "zeros.bin": { sha256: await sha256Of(content), size, kind: "asset" },
    },
    modules: {},
    config: {},
    locked: {},
  };
  const digests = new Set<string>();
  for (const cut of [512, 4096, 10_007, 65_536, size]) {
    const open = () =>
      Promise.resolve(ReadableStream.from((function* () {
        for (let at = 0; at < size; at += cut) {
          yield content.subarray(at, at + cut);
        }
      })()));
    const packed = await new Response(archiveOf(manifest, open)).bytes();
    assert(packed.length < size / 100, `${packed.length} bytes`);
    digests.add(await sha256Of(packed));
  }
  assertEquals(digests.size, 1);
});

Deno.test("T33: archiveOf() gives the same bytes for files of every size and name, read in even, odd, empty and re-used pieces", async () => {
  const sizes = [0, 1, 511, 512, 513, 65_535, 65_536, 65_537, 300_000];
  const noise = crypto.getRandomValues(new Uint8Array(65_536));
  const contents = new Map<string, Uint8Array<ArrayBuffer>>(
    sizes.map((size, index) => {
      const content = new Uint8Array(size);
      // Some can be packed, some cannot.
      if (index % 2 === 1) {
        for (let at = 0; at < size; at += noise.length) {
          content.set(noise.subarray(0, size - at), at);
        }
      }
      return [`${"long/".repeat(index * 4)}ä ${size}.bin`, content] as const;
    }),
  );
  const files: Manifest["files"] = Object.fromEntries(
    await Promise.all([...contents].map(async ([path, content]) => [
      path,
      {
        sha256: await sha256Of(content),
        size: content.length,
        kind: "asset" as const,
      },
    ])),
  );
  const manifest: Manifest = {
    protocol: PROTOCOL_VERSION,
    app: "shop",
    version: "1",
    source_image_ref: "local:1",
    entries: [],
    files,
    modules: {},
    config: {},
    locked: {},
  };
  const cuts: Record<string, (at: number) => number> = {
    "as tar does": () => 512,
    "odd": (at) => 1 + at * 7919 % 5003,
    "even": () => 65_536,
    "whole": () => 2 ** 30,
  };
  const digests = new Set<string>();
  for (const length of Object.values(cuts)) {
    for (const isReused of [false, true]) {
      const open = (path: string) => {
        const content = contents.get(path)!;
        const room = new Uint8Array(content.length);
        return Promise.resolve(
          new ReadableStream<Uint8Array<ArrayBuffer>>({
            start(controller) {
              if (content.length === 0) controller.close();
            },
            pull: ((at: number) => (controller) => {
              const next = Math.min(content.length, at + length(at));
              const piece = content.subarray(at, next);
              if (isReused) {
                // The room of the last piece is written over: whoever kept it has something else now.
                room.set(piece);
                controller.enqueue(room.subarray(0, piece.length));
              } else controller.enqueue(piece);
              at = next;
              if (at >= content.length) controller.close();
            })(0),
          }, { highWaterMark: 0 }),
        );
      };
      const packed = await new Response(archiveOf(manifest, open)).bytes();
      digests.add(await sha256Of(packed));
    }
  }
  assertEquals(digests.size, 1);
});
