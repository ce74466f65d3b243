import { UntarStream } from "@std/tar";
import { assert, assertEquals } from "@std/assert";
import { Dice } from "../../tests/support/dice.ts";
import { hostileArchives } from "../../tests/support/archives/hostile_archives.ts";
import { concat, sha256, tar } from "../../tests/support/archives/tar.ts";
import { readTar } from "./unpack/read_tar.ts";

/** What a reader makes of an archive: its entries, and whether it refused it then. */
interface Read {
  readonly entries: readonly string[];
  readonly refused: boolean;
}

/** Long enough for every archive but the bombs, of which the beginning is enough. */
const BYTES_MAX = 1024 * 1024;

async function* cutInto(
  bytes: Uint8Array<ArrayBuffer>,
  length: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.byteLength; at += length) {
    yield await Promise.resolve(bytes.slice(at, at + length));
  }
}

async function byUs(
  bytes: Uint8Array<ArrayBuffer>,
  length: number,
): Promise<Read> {
  const entries: string[] = [];
  try {
    for await (const entry of readTar(cutInto(bytes, length))) {
      const { path, size, typeflag, content } = entry;
      const pieces: Uint8Array[] = [];
      for await (const chunk of content.chunks()) pieces.push(chunk.slice());
      entries.push(described(path, typeflag, size, pieces));
    }
    return { entries, refused: false };
  } catch (error) {
    assert(error instanceof SyntaxError, String(error));
    return { entries, refused: true };
  }
}

async function byStd(bytes: Uint8Array<ArrayBuffer>): Promise<Read> {
  const entries: string[] = [];
  try {
    const read = ReadableStream.from([bytes]).pipeThrough(new UntarStream());
    for await (const { path, header, readable } of read) {
      const pieces = readable ? await Array.fromAsync(readable) : [];
      entries.push(described(path, header.typeflag, header.size, pieces));
    }
    return { entries, refused: false };
  } catch {
    return { entries, refused: true };
  }
}

/** Links, devices and folders have no content for some readers; they are refused by their kind. */
function described(
  path: string,
  kind: string,
  size: number,
  pieces: readonly Uint8Array[],
): string {
  const content = /^[1-6]$/.test(kind) ? "" : sha256(concat(pieces));
  return JSON.stringify([path, kind, `${size}`, content]);
}

async function expanded(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const stream = new Blob([bytes]).stream()
    .pipeThrough(new DecompressionStream("gzip"));
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of stream) {
      pieces.push(piece);
      length += piece.byteLength;
      if (length > BYTES_MAX) break;
    }
  } catch {
    return null;
  }
  return concat(pieces);
}

/** An archive with some bytes of a header changed, most often with the right checksum for that. */
function withOddHeader(dice: Dice): Uint8Array<ArrayBuffer> {
  const path = "a".repeat(1 + dice.below(99));
  const prefix = dice.random() < 0.5 ? "p/".repeat(1 + dice.below(70)) : "";
  const content = "x".repeat(dice.below(1200));
  const bytes = tar([
    { path, prefix, content },
    { path: "last.ts", content: "last" },
  ]);
  for (let count = dice.below(5); count > 0; count--) {
    const at = dice.pick([
      dice.below(512),
      124 + dice.below(12),
      148 + dice.below(8),
      156,
      257 + dice.below(8),
      345 + dice.below(155),
    ]);
    bytes[at] = dice.pick([0, 32, 48, 55, 56, 255, dice.below(256)]);
  }
  if (dice.random() < 0.8) {
    bytes.fill(32, 148, 156);
    const sum = bytes.subarray(0, 512).reduce((all, byte) => all + byte, 0);
    bytes.set(
      new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `),
      148,
    );
  }
  return dice.random() < 0.1
    ? bytes.slice(0, dice.below(bytes.byteLength))
    : bytes;
}

async function compare(
  what: string,
  bytes: Uint8Array<ArrayBuffer>,
  length: number,
): Promise<boolean> {
  const [ours, theirs] = [await byUs(bytes, length), await byStd(bytes)];
  // The other way round is allowed: nothing is lost where ours refuses more.
  assert(ours.refused || !theirs.refused, `${what}: only ours takes it`);
  if (!ours.refused) assertEquals(ours.entries, theirs.entries, what);
  return ours.refused;
}

Deno.test("readTar() takes nothing of 400 hostile archives that @std/tar refuses, and reads the same", async () => {
  const refused = [0, 0];
  for (const { what, bytes } of hostileArchives(400)) {
    const archive = await expanded(bytes);
    if (archive === null) continue;
    const isRefused = await compare(what, archive, 700);
    refused[Number(isRefused)]!++;
  }
  assert(refused.every((count) => count > 30), `${refused}`);
});

Deno.test("readTar() reads 400 odd headers as @std/tar does, however the bytes are cut", async () => {
  const refused = [0, 0];
  for (let seed = 0; seed < 400; seed++) {
    const dice = new Dice(seed);
    const archive = withOddHeader(dice);
    const isRefused = await compare(
      `odd header (seed ${seed})`,
      archive,
      1 + dice.below(1500),
    );
    refused[Number(isRefused)]!++;
  }
  assert(refused.every((count) => count > 30), `${refused}`);
});
