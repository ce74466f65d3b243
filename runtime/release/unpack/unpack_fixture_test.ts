/**
 * Archives made by hand, and how they are refused.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { unpack, UNPACK_LIMITS } from "./unpack.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import {
  gzip,
  manifestEntry,
  manifestOf,
  tar,
  type TarEntry,
} from "../../../tests/support/archives/tar.ts";
import { tempFolder } from "../../../tests/support/temp_folder.ts";

/** A signal that says nothing. */
export const NEVER = new AbortController().signal;

/** 1 MiB in bytes. */
export const MIB = 1024 * 1024;

/** An archive that must be refused. */
export interface Attempt {
  /** The bytes in place of a `tar.gz` of the entries. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly entries?: readonly TarEntry[];
  readonly limits?: Partial<typeof UNPACK_LIMITS>;
  /** What is wrong with it, for a test of many. */
  readonly what?: string;
}

/** Unpacks what must be refused; nothing may be left of it anywhere. */
export async function refused(
  { bytes, entries = [], limits = {}, what = "" }: Attempt,
): Promise<UpgradeError> {
  await using outside = await tempFolder();
  const tarball = outside.join("release.tar.gz");
  await Deno.writeFile(tarball, bytes ?? gzip(tar(entries)));
  await Deno.mkdir(outside.join("releases"));
  const error = await assertRejects(
    () =>
      unpack(tarball, outside.join("releases", "new"), NEVER, {
        ...UNPACK_LIMITS,
        ...limits,
      }),
    UpgradeError,
    "",
    what,
  );
  assertEquals(
    await outside.list(),
    ["release.tar.gz", "releases/"],
    "nothing is left behind, and nothing is outside the folder",
  );
  assertEquals(error.phase, "unpack");
  assertEquals(error.transient, false);
  assertEquals(error.message.startsWith("Cannot "), true, error.message);
  assertEquals(error.message.endsWith("."), false, error.message);
  return error;
}

/** A release with a good file, then entries that the manifest may name as well. */
export function release(
  files: Readonly<Record<string, string | Uint8Array>>,
  ...more: TarEntry[]
): readonly TarEntry[] {
  return [
    manifestEntry(manifestOf({ "app.ts": "app", ...files })),
    { path: "app.ts", content: "app" },
    ...more,
  ];
}
