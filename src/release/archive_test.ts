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
