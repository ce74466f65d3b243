/** Unpacks a release into a folder of its own; nothing in it lands anywhere else.
 * @module
 */
import { nativeFiles } from "../../base/platform/native_files.ts";
import {
  AbortController,
  AbortSignal,
  TextDecoder,
} from "../../base/platform/globals.ts";
import { errorText } from "../../base/error_text.ts";
import { dirname, join } from "node:path";
import {
  isReleasePath,
  type Manifest,
  MANIFEST_PATH,
} from "../../protocol/manifest/manifest.ts";
import { Slices } from "../../base/in_slices.ts";
import { shownText } from "../../base/shown_text.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import { gunzip, gunzipShort } from "./gunzip.ts";
import { LinkedFiles } from "./linked_files.ts";
import { ManifestReader } from "../read_manifest.ts";
import { readTar, type TarContent, type TarItems } from "./read_tar.ts";
import {
  BUFFER_BYTES,
  digestOf,
  writeChunks,
  writeWhole,
} from "./write_checked.ts";

/** What a release may hold at the most. */
export interface UnpackLimits {
  /** Files. */
  readonly files: number;
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Bytes of all files together. */
  readonly totalBytes: number;
}

/** The limits that apply when no others are given. */
export const UNPACK_LIMITS: UnpackLimits = {
  files: 50_000,
  fileBytes: 256 * 1024 * 1024,
  totalBytes: 1024 * 1024 * 1024,
};

/** What is known of other releases, so that little is done twice. */
export interface UnpackContext {
  /** Reads manifests. */
  readonly manifests: ManifestReader;
  /** Where their files are. */
  readonly linked: LinkedFiles;
  /** What need not be written, because an earlier release has it. Default all is. */
  readonly leaves?: LeavesOut;
  /** What would be in the file of the archive, if there is none. */
  readonly content?: Uint8Array<ArrayBuffer> | null;
}

/** What is left out of the folder. */
export interface LeavesOut {
  /** Tells what may be left out. */
  of(manifest: Manifest): (path: string) => boolean;
  /** What was left out: digests by path. */
  readonly files: Map<string, string>;
}

const MANIFEST_BYTES_MAX = 32 * 1024 * 1024;
const REGULAR_FILE = "0";
const ASK_EACH = 16;

/**
 * Unpacks a release: its manifest first, then exactly the files that the manifest names, each with its digest. Throws
 * if the archive is cut, holds a path outside the release, a link, a device, a name twice, a file that the manifest
 * does not name or that is not what it says, too much, or if the disk refuses.
 */
export async function unpack(
  tarball: string,
  folder: string,
  signal: AbortSignal,
  limits: UnpackLimits = UNPACK_LIMITS,
  context: UnpackContext = {
    manifests: new ManifestReader(),
    linked: new LinkedFiles(),
  },
): Promise<Manifest> {
  let made = false;
  try {
    makeNew(folder);
    made = true;
    return await unpackInto(tarball, folder, signal, limits, context);
  } catch (cause) {
    if (made) await Deno.remove(folder, { recursive: true }).catch(() => {});
    signal.throwIfAborted();
    if (cause instanceof UpgradeError) throw cause;
    const why = errorText(cause);
    const said = shownText(why.slice(0, 500));
    throw new UpgradeError("unpack", `Cannot unpack ${tarball}: ${said}`, {
      cause,
    });
  }
}

async function unpackInto(
  tarball: string,
  folder: string,
  signal: AbortSignal,
  limits: UnpackLimits,
  context: UnpackContext,
): Promise<Manifest> {
  const { content = null } = context;
  const unpack = (entries: TarItems) =>
    unpackEntries(entries, tarball, folder, signal, limits, context);
  if (content !== null) {
    const whole = gunzipShort(content);
    if (whole !== null) return await unpack(readTar(whole));
    writeWhole(tarball, content);
  }
  const file = nativeFiles.openSync(tarball);
  const end = new AbortController();
  const entries = readTar(
    gunzip(file, AbortSignal.any([signal, end.signal])),
  );
  try {
    return await unpack(entries);
  } finally {
    // What is refused must not hold the file open, nor be read to an end that may be far away.
    end.abort();
    file.close();
  }
}

async function unpackEntries(
  entries: TarItems,
  tarball: string,
  folder: string,
  signal: AbortSignal,
  limits: UnpackLimits,
  context: UnpackContext,
): Promise<Manifest> {
  const seen = new Set<string>();
  const written = new Set<string>();
  let buffer: Uint8Array<ArrayBuffer> | null = null;
  const made = new Set([folder]);
  const slices = new Slices();
  const folders = new Set<string>();
  let manifest: Manifest | null = null;
  let isLeftOut: (path: string) => boolean = () => false;
  let totalBytes = 0;
  // Most archives have their files in the order of the manifest.
  let likely: readonly string[] = [];
  let at = 0;
  let isLong = true;
  for (;;) {
    // Most lie there: to wait for each takes as long as to read it.
    const entry = entries.there(likely[at]) ?? (await entries.next()).value;
    if (!entry) break;
    const { path, content, size, typeflag } = entry;
    // To ask for the time takes longer than to pass over a file.
    if (at++ % ASK_EACH === 0 || isLong) {
      signal.throwIfAborted();
      if (slices.over) await slices.next();
    }
    isLong = true;
    const refused = (why: string): UpgradeError =>
      new UpgradeError(
        "unpack",
        `Cannot unpack "${
          shownText(path.slice(0, 300))
        }" from ${tarball}: ${why}`,
      );
    const name = nameOf(path);
    if (name === null) throw refused("it leads outside the release");
    if (typeflag !== REGULAR_FILE) {
      throw refused("it is not a regular file");
    }
    const { folded, parents } = name;
    if (seen.has(folded)) {
      throw refused("the name is there twice, give or take upper case");
    }
    seen.add(folded);
    // The disk would say so, but not of what is left out.
    if (folders.has(folded) || parents.some((parent) => seen.has(parent))) {
      throw refused("a file is where a folder is");
    }
    for (const parent of parents) folders.add(parent);
    if (manifest === null) {
      if (path !== MANIFEST_PATH) {
        throw refused(`${MANIFEST_PATH} must come first`);
      }
      if (size > MANIFEST_BYTES_MAX) {
        throw refused(`it is longer than ${MANIFEST_BYTES_MAX} bytes`);
      }
      manifest = await readManifest(content, size, context.manifests);
      isLeftOut = context.leaves?.of(manifest) ?? isLeftOut;
      likely = Object.keys(manifest.files);
      at = 0;
      // What came before it, and the manifest itself, may have taken most of a slice already.
      await slices.next();
      continue;
    }
    const expected = Object.hasOwn(manifest.files, path)
      ? manifest.files[path]
      : undefined;
    if (!expected) throw refused(`${MANIFEST_PATH} does not name it`);
    if (seen.size > limits.files) {
      throw refused(`there are more than ${limits.files} files`);
    }
    if (expected.size > limits.fileBytes) {
      throw refused(`it is longer than ${limits.fileBytes} bytes`);
    }
    totalBytes += expected.size;
    if (totalBytes > limits.totalBytes) {
      throw refused(`the release is longer than ${limits.totalBytes} bytes`);
    }
    if (size !== expected.size) {
      throw refused(
        `it has ${size} bytes, not the ${expected.size} that ${MANIFEST_PATH} says`,
      );
    }
    written.add(path);
    if (
      size <= BUFFER_BYTES && context.linked.at(expected.sha256) !== null &&
      isLeftOut(path)
    ) {
      // What is read later is the file of that digest, whatever this entry holds.
      context.leaves!.files.set(path, expected.sha256);
      isLong = false;
      continue;
    }
    const target = join(folder, ...path.split("/"));
    const wrong = (sha256: string) =>
      refused(
        `its SHA-256 is ${sha256}, not the ${expected.sha256} that ${MANIFEST_PATH} says`,
      );
    if (size <= BUFFER_BYTES) {
      const bytes = content.there() ??
        await content.whole(buffer ??= new Uint8Array(BUFFER_BYTES));
      const sha256 = digestOf(bytes);
      if (sha256 !== expected.sha256) throw wrong(sha256);
      makeFolder(dirname(target), made);
      if (!context.linked.link(sha256, target)) {
        writeWhole(target, bytes);
        context.linked.add(sha256, target);
      }
    } else {
      makeFolder(dirname(target), made);
      const sha256 = await writeChunks(target, content.chunks(), signal);
      if (sha256 !== expected.sha256) throw wrong(sha256);
    }
  }
  if (manifest === null) {
    throw new UpgradeError("unpack", `Cannot unpack ${tarball}: it is empty`);
  }
  const missing = written.size === likely.length
    ? undefined
    : likely.find((path) => !written.has(path));
  if (missing !== undefined) {
    throw new UpgradeError(
      "unpack",
      `Cannot unpack ${tarball}: ${MANIFEST_PATH} names "${
        shownText(missing)
      }", which is not there`,
    );
  }
  return manifest;
}

async function readManifest(
  content: TarContent,
  size: number,
  reader: ManifestReader,
): Promise<Manifest> {
  // Decoded at once, a text is one piece: joined of many, it would be copied once more.
  const bytes = content.there() ?? await content.whole(new Uint8Array(size));
  // Apps may have put another Response in the place of the platform's.
  const text = new TextDecoder().decode(bytes);
  try {
    return await reader.read(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new UpgradeError(
      "unpack",
      `Cannot read ${MANIFEST_PATH}: it is not JSON`,
      { cause },
    );
  }
}

/** What a path is to a disk that does not tell upper case from lower. */
interface Name {
  readonly folded: string;
  /** The folders that it is in. */
  readonly parents: readonly string[];
}

/** The names in releases, most of which are those of the release before. */
const NAMES = new Map<string, Name>();
const NAMES_MAX = 10_000;

/** Reads a path of a release. Returns null for one that leads out of it. */
function nameOf(path: string): Name | null {
  const known = NAMES.get(path);
  if (known) return known;
  if (!isReleasePath(path)) return null;
  const folded = path.normalize("NFC").toLowerCase();
  const name = { folded, parents: parentsOf(folded) };
  if (NAMES.size >= NAMES_MAX) NAMES.clear();
  NAMES.set(path, name);
  return name;
}

/** The folders that a path is in. */
function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (
    let at = path.lastIndexOf("/");
    at > 0;
    at = path.lastIndexOf("/", at - 1)
  ) parents.push(path.slice(0, at));
  return parents;
}

/** Makes the folder of the release, which must not be there. */
function makeNew(folder: string): void {
  Deno.mkdirSync(folder);
}

/** Makes a folder of the release unless this unpacking has made it before. */
function makeFolder(folder: string, made: Set<string>): void {
  if (made.has(folder)) return;
  Deno.mkdirSync(folder, { recursive: true });
  made.add(folder);
}
